import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { DIRECTORY_HEAD_KEY } from '../locations/directory-head.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { runEveryMinute, runNightly } from './sweep.ts';

let database: TestDatabase;
let redis: TestRedis;
let router: TestRouter;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  router = await createTestRouter({ database, redis: redis.redis });
});

afterAll(async () => {
  await router.settle();
  await redis.stop();
  await database.drop();
});

function addNews(): Promise<unknown> {
  return database.pool.query(`insert into outbox (topic, payload) values ('lead.parked', '{"leadId": "x"}')`);
}

async function countUnpublished(): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    'select ((select count(*) from outbox) + (select count(*) from outbox_messages))::int as count',
  );
  return rows[0]?.count ?? -1;
}

it('each minute publishes what no drain has, and brings the copy in Redis up to Postgres', async () => {
  await addNews();
  await runEveryMinute(router.app, router.deps);
  expect(router.sent).toHaveLength(1);
  expect(await countUnpublished()).toBe(0);
  expect(await redis.redis.exists(DIRECTORY_HEAD_KEY)).toBe(1);
});

it('a task that fails is logged and does not keep the others from running', async () => {
  await addNews();
  await redis.kill();
  const broken = { run: () => Promise.reject(new Error('down')), start: () => {} };
  await runEveryMinute({ ...router.app, outbox: broken }, router.deps);
  expect(router.logged.join('\n')).toContain('"event":"sweep_failed","task":"outbox"');
  await runEveryMinute(router.app, router.deps);
  expect(await countUnpublished()).toBe(0);
  await redis.restart();
});

it('where one thing cannot be measured for alarms, the task fails, and readiness tells the others', async () => {
  await database.pool.query('alter table location_performance_refreshes rename to refreshes_away');
  router.logged.length = 0;
  await runEveryMinute(router.app, router.deps);
  const ready = await router.send('GET', '/readyz', { apiKey: null });
  await database.pool.query('alter table refreshes_away rename to location_performance_refreshes');
  expect(router.logged.join('\n')).toContain('"event":"sweep_failed","task":"alarms"');
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ parkingLot: { waiting: 0 }, performanceAgeSeconds: null, alarms: [] });
});

it('each night makes the partitions that are missing, as often as it runs', async () => {
  const { rows } = await database.pool.query<{ name: string }>(
    `select 'leads_' || to_char(date_trunc('month', now() at time zone 'UTC') + interval '3 months', 'YYYY_MM') as name`,
  );
  const name = rows[0]?.name ?? '';
  await database.pool.query(`drop table ${name}`);
  await runNightly(router.app, router.deps);
  await runNightly(router.app, router.deps);
  const found = await database.pool.query('select to_regclass($1) is not null as found', [name]);
  expect(found.rows).toEqual([{ found: true }]);
});
