import { claimDueGeocoding } from '../../../db/queries/claim-due-geocoding.ts';
import type { AppDeps } from '../deps.ts';

/** Whoever goes on with a plan's geocoding has so long, until the minute's Cron takes it up. */
export const GEOCODING_LEASE_SECONDS = 180;

/**
 * Asks QStash to go on with a plan's geocoding. `step` tells one message from the next: a repeated one is dropped. A message
 * that QStash did not take is made good by the Cron, since the plan stays due.
 */
export async function askForGeocoding(
  { qstash, config, log }: Pick<AppDeps, 'qstash' | 'config' | 'log'>,
  { planId, step }: { planId: string; step: string },
): Promise<void> {
  try {
    await qstash.batch([
      {
        url: `${config.publicUrl}/v1/jobs/geocode-plan`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ planId }),
        deduplicationId: `geocode-plan-${planId}-${step}`,
      },
    ]);
  } catch (error) {
    log({ event: 'geocoding_not_asked', planId, error });
  }
}

const PLANS_PER_SWEEP = 20;

/** Each minute: plans whose geocoding was left alone, by a lost message or a geocoder that failed, are taken up again. */
export async function sweepGeocoding(
  deps: Pick<AppDeps, 'database' | 'qstash' | 'config' | 'log' | 'newId'>,
): Promise<void> {
  const due = await claimDueGeocoding(deps.database, { limit: PLANS_PER_SWEEP, leaseSeconds: GEOCODING_LEASE_SECONDS });
  for (const { planId } of due) await askForGeocoding(deps, { planId, step: `again-${deps.newId()}` });
}
