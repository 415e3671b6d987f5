import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { runEveryMinute } from '../../edge-router/src/jobs/sweep.ts';
import { createTestRouter, type TestRouter } from '../../edge-router/src/testing/test-router.ts';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { scaleUp } from './scale-up.ts';
import { createDatabasePair, type DatabasePair } from './testing/database-pair.ts';
import { SOURCE_TABLES } from './testing/make-source.ts';

let databases: DatabasePair;
let target: TestDatabase;
let router: TestRouter;
let folder: string;

beforeAll(async () => {
  databases = await createDatabasePair(inject('testPostgres').url);
  target = await createTestDatabase();
  router = await createTestRouter({ database: target });
  folder = mkdtempSync(join(tmpdir(), 'switchyard-scale-up-'));
  await databases.source.query(`${SOURCE_TABLES}
    insert into locations (id, name, state, zip_code, ghl_location_id) values
      ('a', 'Boston', 'MA', '02134', 'sub-a'), ('b', 'Austin', 'TX', '73301', 'sub-b');
    insert into leads (email, zip_code, source, assigned_location_id, status, metadata, created_at) values
      ('ann@example.com', '02134', 'website', 'b', 'assigned', '{"form": 7, "deep": {"a": [1.50, 12345678901234567890]}}', now() - interval '2 days'),
      ('bob@example.com', '02134', 'website', null, 'new', null, now() - interval '3 days');
    insert into lead_routing_logs (lead_id, assigned_location_id, routing_reason, routing_data, created_at)
      values (1, 'b', 'by hand', '{"customer": "Ann Quackenbush"}', now() - interval '2 days')`);
  const { personHashKey } = router.deps.config;
  await scaleUp({ from: databases.sourceUrl, to: target.url, folder, personHashKey });
});

afterAll(async () => {
  await router.settle();
  await target.drop();
  await databases.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function readId(oldId: string): Promise<string> {
  const { rows } = await target.pool.query<{ id: string }>(
    `select id from old_ids where kind = 'lead' and old_id = $1`,
    [oldId],
  );
  return rows[0]?.id ?? '';
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  return (await router.send(method, path, body === undefined ? {} : { body })).json();
}

it('shows a moved lead with why it is where it is, and what the system before said', async () => {
  expect(await ask('GET', `/v1/leads/${await readId('1')}`)).toMatchObject({
    status: 'assigned',
    location: { name: 'Austin', franchiseCode: 'OLD-b' },
    decision: { reason: 'Austin (OLD-b) was named, by the source or by who reassigned the lead.' },
    metadata: {
      form: 7,
      deep: '{"a": [1.50, 12345678901234567890]}',
      _scaleUp: expect.stringContaining('"oldId":"1"'),
    },
    timeLine: [{ kind: 'assigned' }, { kind: 'routed_before', detail: { reason: 'by hand' } }],
  });
});

it('tells nobody of moved leads and does not try the parked ones again', async () => {
  await runEveryMinute(router.app, router.deps);
  expect(router.sent).toEqual([]);
  expect(await ask('GET', '/v1/deliveries')).toMatchObject({ items: [] });
  expect(await ask('GET', `/v1/leads/${await readId('2')}`)).toMatchObject({ status: 'parked' });
});

it('knows a person again and sends them where they were', async () => {
  expect(
    await ask('POST', '/v1/leads', { source: 'website', email: 'Ann@Example.com', postalCode: '02134' }),
  ).toMatchObject({
    status: 'assigned',
    location: { franchiseCode: 'OLD-b' },
    decision: { matchLevel: 'sticky' },
  });
});

it('gives a parked lead to a location when somebody asks', async () => {
  expect(await ask('POST', `/v1/leads/${await readId('2')}/reassign`, { reason: 'moved' })).toMatchObject({
    moved: true,
    location: { franchiseCode: 'OLD-a' },
  });
});

it('forgets a person in what the system before said, too', async () => {
  expect(await ask('POST', '/v1/people/erase', { email: 'ann@example.com' })).toMatchObject({ leads: 2 });
  const { rows } = await target.pool.query<{ detail: unknown }>(
    `select detail from lead_events where kind = 'routed_before'`,
  );
  expect(rows).toEqual([{ detail: { locationId: expect.any(String), oldLocationId: 'b' } }]);
});
