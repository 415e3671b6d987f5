import type { Directory, DirectoryLocation } from '../../locations/rules/directory.ts';
import { nextOpeningMs } from '../../locations/rules/opening-hours.ts';
import type { DecisionTrace } from './decision.ts';

const MINUTE_MS = 60_000;
const FIRST_PAUSE_MINUTES = 5;
/** The longest that a lead waits when nothing says when its lot could change. */
const MAX_PAUSE_MINUTES = 60;
/** A seat can become free at any time, by a lead that goes elsewhere, and no clock tells when. */
const MAX_PAUSE_FOR_ROOM_MINUTES = 15;
/** The longest day, when clocks go back. */
const LONGEST_DAY_MS = 25 * 60 * MINUTE_MS;
/** The clocks of Postgres and of an isolate differ a little: a location's day has surely begun. */
const AFTER_MIDNIGHT_MS = 2000;

/** When to try a parked lead again, in Unix milliseconds; `tries` are those made so far, this one included. */
export type PlanNextTry = (outcome: { readonly trace: DecisionTrace; readonly tries: number }) => number;

/**
 * Plans next tries by one directory at one moment: at what could change the outcome (a location's next day where it is
 * full, its next opening where it is closed, rules or territories that take effect), and at the latest after a pause that
 * doubles with each try. What is dear to find is found once.
 */
export function createRetryPlanner({ directory, nowMs }: { directory: Directory; nowMs: number }): PlanNextTry {
  const midnights = new Map<string, number>();
  const openings = new Map<string, number | null>();
  const midnightOf = (timezone: string): number => remember(midnights, timezone, () => findMidnight(timezone, nowMs));
  const openingOf = (location: DirectoryLocation): number | null =>
    remember(openings, location.id, () => nextOpeningMs(location, nowMs));
  const scheduled = [...directory.scheduledRules, ...directory.territoryVersions];
  const scheduledMs = scheduled.map(({ effectiveAtMs }) => effectiveAtMs);
  const handoverMs = findHandover(directory, midnightOf(directory.rules.timezone));
  const commonMs = [...scheduledMs, ...(handoverMs === null ? [] : [handoverMs])].filter((ms) => ms > nowMs);
  return ({ trace, tries }) => {
    const events = trace.candidates.flatMap(({ locationId, verdict }) => {
      const location = directory.locationsById.get(locationId);
      if (location && verdict === 'full') return [midnightOf(location.timezone)];
      const opening = location && verdict === 'closed' ? openingOf(location) : null;
      return opening === null ? [] : [opening];
    });
    return Math.min(nowMs + findPauseMs(trace, tries), ...events, ...commonMs);
  };
}

function findPauseMs(trace: DecisionTrace, tries: number): number {
  const waitsForRoom = (trace.omitted.full ?? 0) > 0 || trace.candidates.some(({ verdict }) => verdict === 'full');
  const longest = waitsForRoom ? MAX_PAUSE_FOR_ROOM_MINUTES : MAX_PAUSE_MINUTES;
  return Math.min(longest, FIRST_PAUSE_MINUTES * 2 ** Math.max(0, tries - 1)) * MINUTE_MS;
}

/** When the next day begins in a zone, a moment later. */
function findMidnight(timezone: string, nowMs: number): number {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: timezone });
  const today = format.format(nowMs);
  let before = nowMs;
  let after = nowMs + LONGEST_DAY_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (format.format(middle) === today) before = middle;
    else after = middle;
  }
  return after + AFTER_MIDNIGHT_MS;
}

/** The coming midnight in the brand's zone, where a territory changes hands then. */
function findHandover({ territoryRows, rules }: Directory, midnightMs: number): number | null {
  const tomorrow = new Intl.DateTimeFormat('en-CA', { timeZone: rules.timezone }).format(midnightMs);
  return territoryRows.some(([, , , , from, to]) => from === tomorrow || to === tomorrow) ? midnightMs : null;
}

function remember<Value>(known: Map<string, Value>, key: string, find: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const value = find();
  known.set(key, value);
  return value;
}
