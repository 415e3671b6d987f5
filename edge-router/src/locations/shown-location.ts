import type { LocationRow } from '../../../db/queries/location-row.ts';
import { formatHours } from './rules/hours-text.ts';
import { isOpenAt, nextOpeningMs } from './rules/opening-hours.ts';

/** A whole location as it is looked up. `hoursText` reads back as `hours`; both null: open at all times. */
export interface ShownLocation extends LocationRow {
  readonly hoursText: string | null;
  readonly open: boolean;
  /** When it opens next, ISO 8601; null where it is open, or does not open within 14 days. */
  readonly opensAt: string | null;
}

export function showLocation(location: LocationRow, nowMs: number): ShownLocation {
  const open = isOpenAt(location, nowMs);
  const opensAtMs = open ? null : nextOpeningMs(location, nowMs);
  return {
    ...location,
    hoursText: location.hours && formatHours(location.hours),
    open,
    opensAt: opensAtMs === null ? null : new Date(opensAtMs).toISOString(),
  };
}
