import { isOpenAt, nextOpeningMs, type OpeningTimes } from './opening-hours.ts';

const MINUTE_MS = 60_000;
/** A location that is closed for longer than two weeks on end is asked again so much later. */
const CLOSED_LONG_MS = 14 * 24 * 60 * MINUTE_MS;
const MAX_CLOSED_PERIODS = 400;

/**
 * The moment at which so many minutes of a location's open time have gone by since `fromMs`. Hours begin and end on whole minutes, so
 * open time is counted by them; closed time is jumped over.
 */
export function addOpenMinutes(times: OpeningTimes, fromMs: number, minutes: number): number {
  let atMs = fromMs;
  let leftMs = minutes * MINUTE_MS;
  for (let closedPeriods = 0; leftMs > 0 && closedPeriods < MAX_CLOSED_PERIODS;) {
    if (isOpenAt(times, atMs)) {
      const stepMs = Math.min(leftMs, MINUTE_MS - (atMs % MINUTE_MS));
      atMs += stepMs;
      leftMs -= stepMs;
    } else {
      closedPeriods++;
      atMs = nextOpeningMs(times, atMs) ?? atMs + CLOSED_LONG_MS;
    }
  }
  return atMs;
}
