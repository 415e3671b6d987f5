import type { Config } from '../config.ts';

export interface Alarm {
  readonly name: 'parked_too_long';
  readonly ageSeconds: number;
  readonly limitSeconds: number;
}

/** What somebody has to look at. */
export function findAlarms({
  parkingLot,
  config,
}: {
  parkingLot: { readonly oldestAgeSeconds: number | null } | null;
  config: Pick<Config, 'parkedAlarmMinutes'>;
}): Alarm[] {
  const ageSeconds = parkingLot?.oldestAgeSeconds ?? 0;
  const limitSeconds = config.parkedAlarmMinutes * 60;
  return ageSeconds > limitSeconds ? [{ name: 'parked_too_long', ageSeconds, limitSeconds }] : [];
}
