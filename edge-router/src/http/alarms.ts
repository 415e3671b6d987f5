import type { Config } from '../config.ts';

interface AgeAlarm {
  readonly name: 'parked_too_long' | 'performance_stale';
  readonly ageSeconds: number;
  readonly limitSeconds: number;
}

export type Alarm = AgeAlarm | { readonly name: 'lead_month_missing'; readonly month: string };

/** Three refreshes of `location_performance_realtime` in a row did not happen. */
const PERFORMANCE_STALE_SECONDS = 15 * 60;

/** What somebody has to look at. What could not be measured is none. */
export function findAlarms({
  parkingLot,
  performanceAgeSeconds,
  missingLeadMonth,
  config,
}: {
  parkingLot: { readonly oldestAgeSeconds: number | null } | null;
  performanceAgeSeconds: number | null;
  /** Next month, where leads have no partition for it. */
  missingLeadMonth: string | null;
  config: Pick<Config, 'parkedAlarmMinutes'>;
}): Alarm[] {
  const measured: readonly AgeAlarm[] = [
    {
      name: 'parked_too_long',
      ageSeconds: parkingLot?.oldestAgeSeconds ?? 0,
      limitSeconds: config.parkedAlarmMinutes * 60,
    },
    { name: 'performance_stale', ageSeconds: performanceAgeSeconds ?? 0, limitSeconds: PERFORMANCE_STALE_SECONDS },
  ];
  return [
    ...measured.filter(({ ageSeconds, limitSeconds }) => ageSeconds > limitSeconds),
    ...(missingLeadMonth === null ? [] : [{ name: 'lead_month_missing' as const, month: missingLeadMonth }]),
  ];
}
