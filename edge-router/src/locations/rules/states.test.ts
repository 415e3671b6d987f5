import { describe, expect, it } from 'vitest';

import { geoRegionOfState, parseState, states, timezonesOfState } from './states.ts';

describe('reading a state', () => {
  it.each([
    ['ma', 'MA'],
    [' Mass. ', 'MA'],
    ['MASSACHUSETTS', 'MA'],
    ['D.C.', 'DC'],
    ['new  york', 'NY'],
    ['N. Carolina', 'NC'],
    ['Washington', 'WA'],
    ['Washington, D.C.', 'DC'],
    ['puerto rico', 'PR'],
    ['Ontario', 'ON'],
    ['Québec', 'QC'],
    ['B.C.', 'BC'],
    ['Newfoundland & Labrador', 'NL'],
    ['PEI', 'PE'],
    ['Northwest Territory', 'NT'],
    ['AE', 'AE'],
  ])('%j is %s', (text, code) => {
    expect(parseState(text)?.code).toBe(code);
  });

  it.each(['', 'XX', 'Bavaria', '12', 'M A S S A'])('%j is none', (text) => {
    expect(parseState(text)).toBeNull();
  });
});

describe('the table of states', () => {
  it('has 50 states, DC, 8 territories, 3 kinds of military mail and 13 provinces, each code once', () => {
    expect(states.length).toBe(50 + 1 + 8 + 3 + 13);
    expect(new Set(states.map(({ code }) => code)).size).toBe(states.length);
  });

  it('has no name or alias that two states share', () => {
    for (const state of states) {
      for (const text of [state.code, state.name, ...state.aliases]) expect(parseState(text)?.code).toBe(state.code);
    }
  });

  it('names only time zones that exist', () => {
    for (const timeZone of states.flatMap(({ timezones }) => timezones)) {
      expect(new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone).toMatch(/^(America|Pacific)\//);
    }
  });

  it('has the US Census regions in their known sizes', () => {
    const sizes = Object.fromEntries(
      ['northeast', 'midwest', 'south', 'west', 'canada'].map((geoRegion) => [
        geoRegion,
        states.filter((state) => state.geoRegion === geoRegion).length,
      ]),
    );
    expect(sizes).toEqual({ northeast: 9, midwest: 12, south: 17, west: 13, canada: 13 });
  });
});

it('the main time zone comes first', () => {
  expect(timezonesOfState('TN')).toEqual(['America/Chicago', 'America/New_York']);
  expect(timezonesOfState('AZ')[0]).toBe('America/Phoenix');
  expect(timezonesOfState('AE')).toEqual([]);
  expect(timezonesOfState('XX')).toEqual([]);
});

it('a state has the region that partitions the database', () => {
  expect(geoRegionOfState('DC')).toBe('south');
  expect(geoRegionOfState('PR')).toBe('territories');
  expect(geoRegionOfState('ON')).toBe('canada');
  expect(geoRegionOfState('XX')).toBeNull();
});
