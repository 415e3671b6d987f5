import type { Database } from '../../../db/database.ts';
import { findMissingLeadMonth } from '../../../db/queries/find-missing-lead-month.ts';
import { measureLocationPerformance } from '../../../db/queries/measure-location-performance.ts';
import { measureParkingLot } from '../../../db/queries/measure-parking-lot.ts';
import type { Config } from '../config.ts';

/** What alarms are judged by. Null is also what could not be measured. */
export interface AlarmMeasures {
  readonly parkingLot: Awaited<ReturnType<typeof measureParkingLot>> | null;
  readonly performanceAgeSeconds: number | null;
  /** Next month, where leads have no partition for it. */
  readonly missingLeadMonth: string | null;
}

interface AgeAlarm {
  readonly name: 'parked_too_long' | 'performance_stale';
  readonly ageSeconds: number;
  readonly limitSeconds: number;
}

export type Alarm = AgeAlarm | { readonly name: 'lead_month_missing'; readonly month: string };

/** Three refreshes of `location_performance_realtime` in a row did not happen. */
const PERFORMANCE_STALE_SECONDS = 15 * 60;

/** Asks for all at once. What `onFailure` answers stands for a measure that fails; what it throws ends them all. */
export async function measureForAlarms(
  database: Database,
  onFailure: (error: unknown) => null,
): Promise<AlarmMeasures> {
  const [parkingLot, performanceAgeSeconds, missingLeadMonth] = await Promise.all([
    measureParkingLot(database).catch(onFailure),
    measureLocationPerformance(database).catch(onFailure),
    findMissingLeadMonth(database).catch(onFailure),
  ]);
  return { parkingLot, performanceAgeSeconds, missingLeadMonth };
}

/** What somebody has to look at. What could not be measured is none. */
export function findAlarms(
  { parkingLot, performanceAgeSeconds, missingLeadMonth }: AlarmMeasures,
  config: Pick<Config, 'parkedAlarmMinutes'>,
): Alarm[] {
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
