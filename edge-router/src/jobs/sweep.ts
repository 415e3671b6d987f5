import { archiveLeads } from '../../../db/queries/archive-leads.ts';
import { ensureLeadPartitions } from '../../../db/queries/ensure-lead-partitions.ts';
import { purgeCapacity } from '../../../db/queries/purge-capacity.ts';
import { purgeDrift } from '../../../db/queries/purge-drift.ts';
import { purgePlans } from '../../../db/queries/purge-plans.ts';
import { purgeIdempotencyKeys } from '../../../db/queries/purge-idempotency-keys.ts';
import { purgeWebhooks } from '../../../db/queries/purge-webhooks.ts';
import { purgeOnboardingWaits } from '../../../db/queries/purge-onboarding-waits.ts';
import { purgeReports } from '../../../db/queries/purge-reports.ts';
import { purgeSubscriptions } from '../../../db/queries/purge-subscriptions.ts';
import { refreshLocationPerformance } from '../../../db/queries/refresh-location-performance.ts';
import type { App } from '../app.ts';
import type { AppDeps } from '../deps.ts';
import { findAlarms, measureForAlarms } from '../http/alarms.ts';
import { findLeadSettings } from '../settings/find-lead-settings.ts';
import { redriveDeadLetters } from './redrive-dead-letters.ts';

const PARTITION_MONTHS_AHEAD = 3;
/** Reports of a year ago know how full locations were. */
const CAPACITY_KEPT_DAYS = 400;
const REPORTS_KEPT_DAYS = 7;
const DRIFT_KEPT_DAYS = 90;
const ROWS_PER_PURGE = 5000;
/** Each with up to 10,000 rows. */
const PLANS_PER_PURGE = 10;
const MAX_PURGES = 100;
/** A second or less each. */
const ROWS_PER_ARCHIVE_STEP = 20_000;
/** A month of a million leads takes some 300; what is left goes on the next night. */
const MAX_ARCHIVE_STEPS = 500;

/**
 * Each minute: what no drain published goes out, Redis' copy of the directory is brought up to Postgres, parked leads that
 * are due are tried again, geocoding, rows of batches and reports of drift that nobody has gone on with are, and HighLevel's tokens are
 * refreshed ahead of need.
 */
export async function runEveryMinute(
  app: Pick<
    App,
    | 'outbox'
    | 'directory'
    | 'parkingRetries'
    | 'sweepGeocoding'
    | 'sweepBatches'
    | 'sweepDeliveries'
    | 'sweepClocks'
    | 'sweepDrift'
    | 'sweepBacktests'
    | 'sweepReports'
    | 'sweepEvents'
    | 'highlevel'
  >,
  deps: Pick<AppDeps, 'config' | 'database' | 'log'>,
): Promise<void> {
  await runEach(deps, {
    outbox: () => app.outbox.run(),
    directory: () => app.directory.refreshNow(),
    parkingLot: () => app.parkingRetries.run(),
    alarms: () => logAlarms(deps),
    geocoding: () => app.sweepGeocoding(),
    highlevelTokens: () => app.highlevel?.appTokens.keepFresh() ?? Promise.resolve(),
    batches: () => app.sweepBatches(),
    deliveries: () => app.sweepDeliveries(),
    events: () => app.sweepEvents(),
    clocks: () => app.sweepClocks(),
    drift: () => app.sweepDrift(),
    backtests: () => app.sweepBacktests(),
    reports: () => app.sweepReports(),
  });
}

/** One line each minute while something is as it should not be, for whoever watches the logs. */
async function logAlarms(deps: Pick<AppDeps, 'config' | 'database' | 'log'>): Promise<void> {
  const measures = await measureForAlarms(deps.database, (error) => {
    throw error;
  });
  for (const alarm of findAlarms(measures, deps.config)) deps.log({ event: 'alarm', ...alarm });
}

/**
 * Every five minutes: what QStash gave up on is sent again; how locations do today is counted anew, and who finds that under way leaves it
 * to that one.
 */
export async function runEveryFiveMinutes(
  deps: Pick<AppDeps, 'config' | 'database' | 'deadLetters' | 'log'>,
): Promise<void> {
  await runEach(deps, {
    deadLetters: () => redriveDeadLetters(deps),
    locationPerformance: async () => {
      if ((await refreshLocationPerformance(deps.database)) === 'busy') deps.log({ event: 'performance_refresh_busy' });
    },
  });
}

/**
 * Each night: partitions for the months to come; old keys, counts and plans out; old leads into the archive; active locations looked at for drift. Both
 * safe to run at any time, twice.
 */
export async function runNightly(
  app: Pick<App, 'beginNightlyDrift' | 'purgeBacktests'>,
  deps: Pick<AppDeps, 'database' | 'log'>,
): Promise<void> {
  await runEach(deps, {
    partitions: () => ensureLeadPartitions(deps.database, { monthsAhead: PARTITION_MONTHS_AHEAD }),
    idempotencyKeys: () => purgeAll((limit) => purgeIdempotencyKeys(deps.database, { limit })),
    onboardingWaits: () => purgeAll((limit) => purgeOnboardingWaits(deps.database, { limit })),
    subscriptions: () => purgeAll((limit) => purgeSubscriptions(deps.database, { limit })),
    capacity: () => purgeAll((limit) => purgeCapacity(deps.database, { keptDays: CAPACITY_KEPT_DAYS, limit })),
    webhooks: () => purgeOldWebhooks(deps),
    plans: () => purgeAll((limit) => purgePlans(deps.database, { limit }), PLANS_PER_PURGE),
    reports: () => purgeAll((limit) => purgeReports(deps.database, { keptDays: REPORTS_KEPT_DAYS, limit })),
    oldDrift: () => purgeDrift(deps.database, { keptDays: DRIFT_KEPT_DAYS }),
    backtests: () => app.purgeBacktests(),
    archive: () => archiveOldLeads(deps),
    drift: () => app.beginNightlyDrift(),
  });
}

/** Whole months of leads that are older than the brand keeps them go into the archive, with what hangs on them. */
async function archiveOldLeads(deps: Pick<AppDeps, 'database' | 'log'>): Promise<void> {
  const { settings } = await findLeadSettings(deps);
  const keptMonths = settings.retention.leadsMonths;
  if (keptMonths === null) return;
  for (let steps = 0; steps < MAX_ARCHIVE_STEPS; steps++) {
    const done = await archiveLeads(deps.database, { keptMonths, limit: ROWS_PER_ARCHIVE_STEP });
    if (done === null) return;
    if (done.step === 'detached') deps.log({ event: 'leads_archived', table: done.table });
  }
}

/** As long as the brand says; a week at least, longer than HighLevel retries, so that a repetition is recognised. */
async function purgeOldWebhooks(deps: Pick<AppDeps, 'database'>): Promise<void> {
  const { settings } = await findLeadSettings(deps);
  const keptDays = settings.retention.eventsDays;
  await purgeAll((limit) => purgeWebhooks(deps.database, { keptDays, limit }));
}

/** A part at a time, so that nobody waits long for a lock. */
async function purgeAll(purge: (limit: number) => Promise<number>, limit = ROWS_PER_PURGE): Promise<void> {
  for (let purges = 0; purges < MAX_PURGES; purges++) {
    if ((await purge(limit)) < limit) return;
  }
}

/** One task that fails does not keep the others from running. */
async function runEach(
  deps: Pick<AppDeps, 'log'>,
  tasks: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<void> {
  for (const [task, run] of Object.entries(tasks)) {
    try {
      await run();
    } catch (error) {
      deps.log({ event: 'sweep_failed', task, error });
    }
  }
}
