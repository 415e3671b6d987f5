import { Hono } from 'hono';
import { checkDatabase } from '../../../db/queries/check-database.ts';
import { findMissingLeadMonth } from '../../../db/queries/find-missing-lead-month.ts';
import { measureLocationPerformance } from '../../../db/queries/measure-location-performance.ts';
import { measureOutbox } from '../../../db/queries/measure-outbox.ts';
import { measureParkingLot } from '../../../db/queries/measure-parking-lot.ts';
import type { ReportReader } from '../analytics/report-reader.ts';
import type { AppDeps } from '../deps.ts';
import type { DirectoryHolder } from '../locations/directory-holder.ts';
import { findAlarms } from './alarms.ts';
import type { AppEnv } from './app-env.ts';

/**
 * `GET /healthz`: the Worker runs. `GET /readyz`: what it stands on, each part `up` or `down`; 200 while leads can be
 * taken (`degraded` names what is missing), 503 when they cannot. Both are public and say nothing of anybody's data.
 */
export function createHealthRoutes({
  deps,
  directory,
  reports,
}: {
  deps: AppDeps;
  directory: DirectoryHolder;
  reports: Pick<ReportReader, 'measure'>;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const [postgres, redis, held, outbox, parkingLot, performanceAgeSeconds, missingLeadMonth, replica] =
        await Promise.all([
          isUp(() => checkDatabase(deps.database)),
          isUp(() => deps.redis.ping()),
          isUp(() => directory.current((work) => c.executionCtx.waitUntil(work))),
          measureOutbox(deps.database).catch(() => null),
          measureParkingLot(deps.database).catch(() => null),
          measureLocationPerformance(deps.database).catch(() => null),
          findMissingLeadMonth(deps.database).catch(() => null),
          reports.measure(),
        ]);
      const parts = { postgres, redis, directory: held };
      const degraded = Object.entries(parts).flatMap(([name, up]) => (up ? [] : [name]));
      // Without Postgres leads are decided by the directory, and kept by QStash.
      const ready = held;
      const status = ready ? (degraded.length > 0 ? 'degraded' : 'ready') : 'unavailable';
      return c.json(
        {
          status,
          degraded,
          parts: Object.fromEntries(Object.entries(parts).map(([name, up]) => [name, up ? 'up' : 'down'])),
          directory: directory.status(),
          outbox,
          parkingLot,
          performanceAgeSeconds,
          // For reports alone, which the primary answers without it: nothing is degraded.
          replica,
          alarms: findAlarms({ parkingLot, performanceAgeSeconds, missingLeadMonth, config: deps.config }),
        },
        ready ? 200 : 503,
      );
    });
}

async function isUp(check: () => Promise<unknown>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
