import { describe, expect, it } from 'vitest';

import { checkTimezone, createClockReader, findTimezone } from './timezones.ts';

const readClock = createClockReader('2026-11-23');

describe('a time zone that a file gives', () => {
  it.each([
    ['America/Chicago', 'TX', 'America/Chicago'],
    ['america/chicago', 'TX', 'America/Chicago'],
    ['America/Denver', 'TX', 'America/Denver'],
    ['America/Detroit', 'MI', 'America/Detroit'],
    ['America/New_York', 'MI', 'America/New_York'],
    ['America/Denver', 'ID', 'America/Denver'],
    ['US/Eastern', 'MA', 'America/New_York'],
    ['Canada/Pacific', 'BC', 'America/Vancouver'],
    ['America/Indiana/Tell_City', 'IN', 'America/Indiana/Tell_City'],
    ['Europe/Berlin', 'AE', 'Europe/Berlin'],
  ])('%s in %s is taken as %s', (timezone, state, expected) => {
    expect(checkTimezone(timezone, { state, readClock })).toMatchObject({ timezone: expected });
  });

  it.each([
    ['America/New_York', 'TX', 'timezone_not_in_state'],
    ['America/Denver', 'CA', 'timezone_not_in_state'],
    ['America/Los_Angeles', 'AZ', 'timezone_not_in_state'],
    ['Etc/GMT', 'IN', 'timezone_not_in_state'],
    ['Eastern', 'MA', 'unknown_timezone'],
    ['America/Boston', 'MA', 'unknown_timezone'],
    ['-05:00', 'MA', 'unknown_timezone'],
    ['', 'MA', 'unknown_timezone'],
  ])('%j in %s is refused: %s', (timezone, state, fault) => {
    expect(checkTimezone(timezone, { state, readClock })).toEqual({ fault });
  });
});

describe('the time zone of a place', () => {
  it.each([
    ['Boston', 'MA', { lng: -71.06, lat: 42.36 }, 'America/New_York'],
    ['El Paso', 'TX', { lng: -106.49, lat: 31.76 }, 'America/Denver'],
    ['Dallas', 'TX', { lng: -96.8, lat: 32.78 }, 'America/Chicago'],
    ['Pensacola', 'FL', { lng: -87.22, lat: 30.42 }, 'America/Chicago'],
    ['Knoxville', 'TN', { lng: -83.92, lat: 35.96 }, 'America/New_York'],
    ['Phoenix', 'AZ', { lng: -112.07, lat: 33.45 }, 'America/Phoenix'],
    ['Evansville', 'IN', { lng: -87.57, lat: 37.97 }, 'America/Chicago'],
    ['Boise', 'ID', { lng: -116.2, lat: 43.62 }, 'America/Boise'],
    ['Rapid City', 'SD', { lng: -103.23, lat: 44.08 }, 'America/Denver'],
    ['Windsor', 'ON', { lng: -83.02, lat: 42.31 }, 'America/Toronto'],
    ['Saskatoon', 'SK', { lng: -106.67, lat: 52.13 }, 'America/Regina'],
    ['San Juan', 'PR', { lng: -66.1, lat: 18.46 }, 'America/Puerto_Rico'],
  ])('%s, %s', (_, state, coordinates, expected) => {
    expect(findTimezone({ state, coordinates }, readClock)).toBe(expected);
  });

  it('is one the state uses where the map shows a neighbour', () => {
    // The map has Toronto's zone along the Saint Lawrence, Moncton's in eastern Maine.
    expect(findTimezone({ state: 'NY', coordinates: { lng: -75.92, lat: 44.34 } }, readClock)).toBe('America/New_York');
    expect(findTimezone({ state: 'ME', coordinates: { lng: -67.28, lat: 45.16 } }, readClock)).toBe('America/New_York');
    expect(findTimezone({ state: 'MI', coordinates: { lng: -83.05, lat: 42.33 } }, readClock)).toBe('America/Detroit');
  });
});
