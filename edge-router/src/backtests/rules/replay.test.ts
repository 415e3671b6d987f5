import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activateDue } from '../../locations/rules/directory.ts';
import { getPostalCodes } from '../../locations/testing/postal-codes.ts';
import { testDirectory, testLocation, testLocationId, testRules } from '../../testing/test-directory.ts';
import type { BacktestLead, Placement } from './backtest-lead.ts';
import { createReplay, type PersonPlace, type ReplayState } from './replay.ts';

const NOON = Date.parse('2026-03-10T17:00:00Z');
const HOUR_MS = 3_600_000;

function lead(position: number, given: Partial<BacktestLead> = {}): BacktestLead {
  return {
    position,
    leadId: null,
    sourceRow: position + 2,
    atMs: NOON,
    source: 'test',
    question: { namedLocation: null, coordinates: null, postalCode: '02134', city: null, state: null, service: null },
    edgePlace: null,
    personHashes: [],
    placement: null,
    ...given,
  };
}

function replayOf(given: Parameters<typeof testDirectory>[0], state: ReplayState | null = null, persons = new Map()) {
  const directory = activateDue(testDirectory(given), NOON);
  return createReplay({ directory, postalCodes: getPostalCodes(), state, persons });
}

describe('a replay', () => {
  it('fills a location to its cap and begins anew on its next day, by its own clock', () => {
    const near = testLocation(1, { dailyCap: 2, timezone: 'America/Los_Angeles' });
    const far = testLocation(2, { coordinates: { lng: -71.3, lat: 42 } });
    const replay = replayOf({ locations: [near, far] });
    // Midnight in Los Angeles is 07:00 UTC: twelve hours on it is still the same day there.
    const at = [0, 0, 0, 12, 15].map((hours, index) => lead(index, { atMs: NOON + hours * HOUR_MS }));
    expect(at.map((each) => replay.place(each).locationId)).toEqual([near.id, near.id, far.id, far.id, near.id]);
    expect(replay.readState(NOON + 15 * HOUR_MS).seats).toEqual(
      expect.arrayContaining([
        [near.id, '2026-03-10', 2],
        [near.id, '2026-03-11', 1],
        [far.id, '2026-03-10', 1],
        [far.id, '2026-03-11', 1],
      ]),
    );
    // Three days later nobody asks for those seats.
    expect(replay.readState(NOON + 72 * HOUR_MS).seats).toEqual([]);
  });

  it('keeps a person with the location that had them, and gives them up when that is full', () => {
    const a = testLocation(1, { dailyCap: 1 });
    const b = testLocation(2, { coordinates: { lng: -71.3, lat: 42 } });
    const persons = new Map<string, PersonPlace>([['p', { locationId: b.id, assignedAtMs: NOON - HOUR_MS }]]);
    const replay = replayOf({ locations: [a, b] }, null, persons);
    expect(replay.place(lead(0, { personHashes: ['p'] }))).toMatchObject({ locationId: b.id, matchLevel: 'sticky' });
    expect(replay.place(lead(1, { personHashes: ['q'] }))).toMatchObject({ locationId: a.id, matchLevel: 'nearest' });
    expect(replay.place(lead(2, { personHashes: ['q'] }))).toMatchObject({ locationId: b.id, matchLevel: 'nearest' });
    expect(persons.get('q')?.locationId).toBe(b.id);
  });

  it('lets a duplicate be, takes no seat for it, and knows the person by what is new with it', () => {
    const a = testLocation(1, { dailyCap: 1 });
    const persons = new Map<string, PersonPlace>([['p', { locationId: a.id, assignedAtMs: NOON }]]);
    const replay = replayOf({ locations: [a] }, null, persons);
    const stored: Placement = { status: 'duplicate', locationId: a.id, matchLevel: null, parkedReason: null };
    expect(replay.place(lead(0, { personHashes: ['p', 'new'], placement: stored }))).toBe(stored);
    expect(persons.get('new')).toEqual(persons.get('p'));
    expect(replay.place(lead(1)).locationId).toBe(a.id);
    expect(replay.place(lead(2))).toMatchObject({ status: 'parked', parkedReason: 'all_candidates_full' });
  });

  it('is the same in slices as in one piece, whatever the leads are', () => {
    const locations = [1, 2, 3, 4].map((number) =>
      testLocation(number, { dailyCap: number === 4 ? null : 3, coordinates: { lng: -71 - number / 10, lat: 42 } }),
    );
    const strategy = { kind: 'weighted_round_robin', weights: { F1: 3 }, maxCatchUpTurns: 2 } as const;
    const given = { locations, rules: { ...testRules, strategy } };
    const leads = fc.array(
      fc.record({ hours: fc.integer({ min: 0, max: 9 }), person: fc.integer({ min: 0, max: 12 }) }),
      { minLength: 2, maxLength: 60 },
    );
    fc.assert(
      fc.property(leads, fc.integer({ min: 1, max: 59 }), (all, cut) => {
        let atMs = NOON;
        const run = all.map(({ hours, person }, position) =>
          lead(position, { atMs: (atMs += hours * HOUR_MS), personHashes: [`p${person}`] }),
        );
        const whole = replayOf(given);
        const expected = run.map((each) => whole.place(each));
        const persons = new Map<string, PersonPlace>();
        const first = replayOf(given, null, persons);
        const head = run.slice(0, cut);
        const placed = head.map((each) => first.place(each));
        const state = JSON.parse(JSON.stringify(first.readState(head.at(-1)?.atMs ?? NOON))) as ReplayState;
        const second = replayOf(given, state, persons);
        expect([...placed, ...run.slice(cut).map((each) => second.place(each))]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('asks more than one call’s candidates where all of them are full', () => {
    const full = Array.from({ length: 20 }, (_, index) =>
      testLocation(index + 1, { dailyCap: 1, coordinates: { lng: -71 - index / 1000, lat: 42 } }),
    );
    const last = testLocation(21, { coordinates: { lng: -71.5, lat: 42 } });
    const replay = replayOf({ locations: [...full, last] });
    for (let position = 0; position < 20; position++) replay.place(lead(position));
    expect(replay.place(lead(20)).locationId).toBe(testLocationId(21));
  });
});
