import { Hono } from 'hono';
import { checkDatabase } from '../../../db/queries/check-database.ts';
import { measureOutbox } from '../../../db/queries/measure-outbox.ts';
import type { ReportReader } from '../analytics/report-reader.ts';
import type { AppDeps } from '../deps.ts';
import type { DirectoryHolder } from '../locations/directory-holder.ts';
import { findAlarms, measureForAlarms } from './alarms.ts';
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
      const [postgres, redis, held, outbox, measures, replica] = await Promise.all([
        isUp(() => checkDatabase(deps.database)),
        isUp(() => deps.redis.ping()),
        isUp(() => directory.current((work) => c.executionCtx.waitUntil(work))),
        measureOutbox(deps.database).catch(() => null),
        measureForAlarms(deps.database, () => null),
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
          parkingLot: measures.parkingLot,
          performanceAgeSeconds: measures.performanceAgeSeconds,
          // For reports alone, which the primary answers without it: nothing is degraded.
          replica,
          alarms: findAlarms(measures, deps.config),
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
