import lookUpTimezone from 'tz-lookup';

import type { Coordinates } from './distance.ts';
import { timezonesOfState } from './states.ts';

/** What a clock shows in a zone this winter and this summer; the same text for zones that cannot be told apart. */
interface Clock {
  /** As the runtime spells the zone. */
  readonly timezone: string;
  readonly offsets: string;
}

/** Looks up a zone's clock; null for a text that names no IANA zone. */
export type ReadClock = (timezone: string) => Clock | null;

const MAX_CLOCKS_KEPT = 1000;

/** Clocks in the year of `today` (YYYY-MM-DD). Making one is slow, so they are kept for as long as the reader is. */
export function createClockReader(today: string): ReadClock {
  const clocks = new Map<string, Clock | null>();
  const year = Number(today.slice(0, 4));
  return (timezone) => {
    const kept = clocks.get(timezone);
    if (kept !== undefined) return kept;
    const clock = makeClock(timezone, year);
    if (clocks.size < MAX_CLOCKS_KEPT) clocks.set(timezone, clock);
    return clock;
  };
}

/** Whether the runtime knows the zone by this name. Intl also takes offsets such as '+05:00', which are no zones. */
export function isTimezone(timezone: string): boolean {
  return makeClock(timezone, 2000) !== null;
}

function makeClock(timezone: string, year: number): Clock | null {
  if (!/^[a-z]/i.test(timezone)) return null;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
    const offsets = [0, 6].map((month) => readOffset(format, new Date(Date.UTC(year, month, 15)))).join(' ');
    return { timezone: format.resolvedOptions().timeZone, offsets };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readOffset(format: Intl.DateTimeFormat, at: Date): string {
  return format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** The state's own name for a zone: the same zone, else the first whose clock is the same; null for neither. */
function findInState(timezone: string, state: string, readClock: ReadClock): string | null {
  const zones = timezonesOfState(state);
  const same = zones.find((zone) => zone.toLowerCase() === timezone.toLowerCase());
  if (same !== undefined) return same;
  const offsets = readClock(timezone)?.offsets;
  return zones.find((zone) => readClock(zone)?.offsets === offsets) ?? null;
}

export type TimezoneFault = 'unknown_timezone' | 'timezone_not_in_state';

/**
 * Accepts a zone when a clock of the state shows the same time: 'America/New_York' is right in Detroit, 'US/Eastern' too.
 * @returns the zone as the tz database spells it, or what is wrong with it
 */
export function checkTimezone(
  timezone: string,
  { state, readClock }: { state: string; readClock: ReadClock },
): { readonly timezone: string } | { readonly fault: TimezoneFault } {
  const clock = readClock(timezone);
  if (clock === null) return { fault: 'unknown_timezone' };
  const inState = findInState(timezone, state, readClock);
  // Military mail has no place, so no zones to be compared with.
  if (inState === null) return timezonesOfState(state).length > 0 ? { fault: 'timezone_not_in_state' } : clock;
  if (inState.toLowerCase() === timezone.toLowerCase()) return { timezone: inState };
  return /^(America|Pacific)\//.test(timezone) ? { timezone } : { timezone: inState };
}

/** The zone at a point of a state: one that the state uses, whatever a coarse map says at its borders. */
export function findTimezone(place: { state: string; coordinates: Coordinates }, readClock: ReadClock): string {
  const zones = timezonesOfState(place.state);
  const [main] = zones;
  if (main !== undefined && zones.length === 1) return main;
  const onMap = lookUpTimezone(place.coordinates.lat, place.coordinates.lng);
  return findInState(onMap, place.state, readClock) ?? main ?? onMap;
}
