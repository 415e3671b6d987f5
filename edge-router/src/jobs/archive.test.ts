import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { archiveLeads, type ArchiveStep } from '../../../db/queries/archive-leads.ts';
import { leadIdAt, sha256 } from '../../../db/testing/assign-lead-request.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { runEveryMinute, runNightly } from './sweep.ts';

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  await database.pool.query(`select ensure_past_lead_partitions((now() - interval '5 months')::date, now()::date)`);
  await router.send('POST', '/v1/leads', { body: { source: 'site', externalId: 'model' } });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

/** The middle of a month gone by. */
function monthAgo(months: number): number {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 15);
}

const tableOf = (atMs: number): string => `leads_${new Date(atMs).toISOString().slice(0, 7).replace('-', '_')}`;

/** A lead with all that hangs on one, `months` ago. */
async function storeLead(months: number, name: string): Promise<string> {
  const id = leadIdAt(monthAgo(months));
  await database.pool.query(
    `with known as (select $1::uuid as id, uuid_extract_timestamp($1) as at, $2::text as name), lead as (
       insert into leads select (jsonb_populate_record(l, jsonb_build_object('id', k.id, 'created_at', k.at, 'external_id', k.name,
         'email', k.name || '@example.com'))).* from leads l, known k where l.external_id = 'model'
     ), lead_key as (
       insert into lead_keys (source, external_id, lead_id, body_hash) select 'site', name, id, '\\x00' from known
     ), person as (
       insert into person_keys (hash, lead_id, lead_at, assigned_at) select decode($3, 'hex'), id, at, at from known
     ), event as (
       insert into lead_events (lead_id, at, kind, message_id) select id, at, 'announced', '1' from known
     ), delivery as (
       insert into deliveries (lead_id, location_id, move, ghl_location_id, status, contact_id)
       select id, gen_random_uuid(), 0, 'ghl-1', 'delivered', 'contact-' || name from known
     ), parked as (
       insert into parking_lot (lead_id, lead_at, reason, tried_version, next_try_at) select id, at, 'no_place', 0, now() + interval '1 year' from known
     )
     insert into lead_clocks (lead_id, move, location_id, started_at, due_at) select id, 0, gen_random_uuid(), at, at from known`,
    [id, name, sha256(name)],
  );
  return id;
}

async function keepFor(leadsMonths: number | null): Promise<void> {
  const answer = await router.send('PUT', '/v1/settings/leads', { body: { retention: { leadsMonths } } });
  expect(answer.status).toBe(200);
}

/** How many rows each table has of a lead. */
async function countRows(schema: string, leadId: string): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<Record<string, number>>(
    `select (select count(*) from ${schema}.lead_events where lead_id = $1)::int as events,
      (select count(*) from ${schema}.deliveries where lead_id = $1)::int as deliveries,
      (select count(*) from ${schema}.lead_clocks where lead_id = $1)::int as clocks`,
    [leadId],
  );
  return rows[0] ?? {};
}

async function countKeys(leadId: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `select (select count(*) from lead_keys where lead_id = $1)::int + (select count(*) from person_keys where lead_id = $1)::int
      + (select count(*) from parking_lot where lead_id = $1)::int as count`,
    [leadId],
  );
  return rows[0]?.count ?? -1;
}

async function statusOf(leadId: string): Promise<number> {
  return (await router.send('GET', `/v1/leads/${leadId}`)).status;
}

/** What `countRows` answers. */
const whole = { events: 1, deliveries: 1, clocks: 1 };
const none = { events: 0, deliveries: 0, clocks: 0 };

it('leads that are older than the brand keeps them go into the archive, whole months with all that hangs on them', async () => {
  const [old, older, kept] = [await storeLead(3, 'old'), await storeLead(4, 'older'), await storeLead(2, 'kept')];
  await keepFor(null);
  await runNightly(router.app, router.deps);
  expect(await Promise.all([old, older, kept].map(statusOf))).toEqual([200, 200, 200]);

  await keepFor(2);
  await runNightly(router.app, router.deps);
  await runNightly(router.app, router.deps);
  expect(await Promise.all([old, older, kept].map(statusOf))).toEqual([410, 410, 200]);
  for (const id of [old, older]) {
    expect(await countRows('public', id)).toEqual(none);
    expect(await countRows('archive', id)).toEqual(whole);
    expect(await countKeys(id)).toBe(0);
  }
  expect(await countRows('public', kept)).toEqual(whole);
  expect(await countKeys(kept)).toBe(3);
  const { rows } = await database.pool.query(`select email from archive.${tableOf(monthAgo(3))}`);
  expect(rows).toEqual([{ email: 'old@example.com' }]);
  const { rows: open } = await database.pool.query('select from lead_archive where finished_at is null');
  expect(open).toHaveLength(0);
  expect(router.logged.filter((line) => line.includes('leads_archived'))).toHaveLength(3);
  expect(router.logged.join()).not.toContain('sweep_failed');
});

it('a lead that never was is not found, and an archived one comes as a new one when its source sends it again', async () => {
  expect(await statusOf(leadIdAt(monthAgo(3) + 1))).toBe(404);
  const body = { source: 'site', externalId: 'old', email: 'old@example.com' };
  expect((await router.send('POST', '/v1/leads', { body })).status).toBe(201);
});

it('a person who is to be forgotten is so in the archive too', async () => {
  const erased = await router.send('POST', '/v1/people/erase', { body: { email: 'older@example.com' } });
  expect(await erased.json()).toEqual({
    leads: 1,
    events: 0,
    contacts: [{ ghlLocationId: 'ghl-1', contactId: 'contact-older' }],
  });
  const { rows } = await database.pool.query(`select email from archive.${tableOf(monthAgo(4))}`);
  expect(rows).toEqual([{ email: null }]);
});

it('goes on after every step that it was stopped at, and what came back to an archived month is archived beside it', async () => {
  await database.pool.query('select ensure_past_lead_partitions($1::date, $1::date)', [new Date(monthAgo(3))]);
  const ids = [await storeLead(3, 'again-1'), await storeLead(3, 'again-2')];
  // One row at a time: each call is a transaction, and nothing is kept between two of them.
  const steps: ArchiveStep[] = [];
  for (;;) {
    const step = await archiveLeads(router.deps.database, { keptMonths: 2, limit: 1 });
    if (step === null) break;
    steps.push(step);
  }
  const table = `${tableOf(monthAgo(3))}_2`;
  expect(steps.filter(({ step }) => step !== 'persons')).toEqual([
    { table, step: 'detached', rows: 0 },
    ...['events', 'deliveries', 'clocks', 'keys'].flatMap((step) => [1, 1, 0].map((rows) => ({ table, step, rows }))),
  ]);
  for (const id of ids) {
    expect([await statusOf(id), await countRows('archive', id), await countKeys(id)]).toEqual([410, whole, 0]);
  }
});

it('nobody waits long for a lead that somebody else holds: the month stays, and goes the next time', async () => {
  const id = await storeLead(2, 'held');
  const holder = await database.pool.connect();
  await holder.query('begin');
  await holder.query('select from leads where id = $1 for update', [id]);
  const tried = archiveLeads(router.deps.database, { keptMonths: 1, limit: 10 });
  await expect(tried).rejects.toMatchObject({ code: '55P03' });
  await holder.query('rollback');
  holder.release();
  expect(await statusOf(id)).toBe(200);
  await keepFor(1);
  await runNightly(router.app, router.deps);
  expect(await statusOf(id)).toBe(410);
});

it('a missing partition for the next month is an alarm in the log and in the readiness answer until it is there', async () => {
  const alarms = async (): Promise<unknown> => {
    const ready = (await (await router.send('GET', '/readyz')).json()) as { alarms: { name: string }[] };
    return ready.alarms.filter(({ name }) => name === 'lead_month_missing');
  };
  const now = new Date();
  const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
  const alarm = { name: 'lead_month_missing', month: new Date(next).toISOString().slice(0, 7) };
  expect(await alarms()).toEqual([]);
  await database.pool.query(`alter table leads detach partition ${tableOf(next)}`);
  expect(await alarms()).toEqual([alarm]);
  await runEveryMinute(router.app, router.deps);
  expect(router.logged.map((line): unknown => JSON.parse(line))).toContainEqual({ event: 'alarm', ...alarm });
  await database.pool.query(`drop table ${tableOf(next)}`);
  await runNightly(router.app, router.deps);
  expect(await alarms()).toEqual([]);
});
