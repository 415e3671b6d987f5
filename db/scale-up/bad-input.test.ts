import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { eventually } from '../../local/testing/eventually.ts';
import { dryRun } from './dry-run.ts';
import { describeFailure } from './refusal.ts';
import { rollBackScaleUp, scaleUp, type ScaleUpOptions } from './scale-up.ts';
import { createDatabasePair, type DatabasePair } from './testing/database-pair.ts';
import { SOURCE_TABLES } from './testing/make-source.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const KEY = 'a person hash key for tests, 32+ long';

let databases: DatabasePair;
let folder: string;

beforeEach(async () => {
  databases = await createDatabasePair(inject('testPostgres').url);
  folder = mkdtempSync(join(tmpdir(), 'switchyard-scale-up-'));
});

afterEach(async () => {
  await databases.drop();
  rmSync(folder, { recursive: true, force: true });
});

const optionsOf = (more: Partial<ScaleUpOptions> = {}): ScaleUpOptions => ({
  from: databases.sourceUrl,
  to: databases.targetUrl,
  folder,
  personHashKey: KEY,
  chunkRows: 4,
  ...more,
});

/** Two good locations and ten good leads, with a log each and a day of seats. */
async function fillSource(more = ''): Promise<void> {
  await databases.source.query(`${SOURCE_TABLES}
    insert into locations (id, name, state, zip_code, ghl_location_id, timezone) values
      ('a', 'Boston', 'MA', '02134', 'sub-a', 'America/New_York'), ('b', 'Austin', 'TX', '73301', 'sub-b', null);
    insert into leads (email, phone, zip_code, source, assigned_location_id, status, lead_score, created_at)
      select 'person' || n || '@example.com', '(617) 555-0123', '02134', 'website', 'a', 'assigned', n,
        '2026-01-01 12:00:00.123456+00'::timestamptz + n * interval '9 days' from generate_series(1, 10) n;
    insert into lead_routing_logs (lead_id, assigned_location_id, routing_reason, created_at) select id, 'a', 'by ZIP', created_at from leads;
    insert into location_capacity values ('a', '2026-01-10', 1, 40, 2.5);
    ${more}`);
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'it did not fail',
    (error: unknown) => describeFailure(error),
  );
}

async function countLeads(): Promise<number> {
  const { rows } = await databases.target.query<{ count: number }>('select count(*)::int as count from leads');
  return rows[0]?.count ?? -1;
}

const quarantined = async () =>
  (await databases.target.query('select kind, old_id, reason, row from scale_up_quarantine order by kind, old_id'))
    .rows;

it('names every table and column that the source lacks, in one line, and touches nothing', async () => {
  await databases.source.query(
    'create table locations (id text, name text); create table leads (id integer, created_at timestamptz)',
  );
  const said = await failureOf(scaleUp(optionsOf()));
  expect(said).toContain('"locations" has no column zip_code (zip_code)');
  expect(said).toContain('"leads" has no column email (email)');
  expect(said).toContain('there is no table "lead_routing_logs"');
  expect(said).toContain('there is no table "location_capacity"');
  expect(said).not.toContain('\n');
  const { rows } = await databases.source.query(`select from pg_namespace where nspname = 'switchyard_scale_up'`);
  expect(rows).toHaveLength(0);
});

it('reads another layout by a map, with ids and statuses of its own', async () => {
  await databases.source.query(`
    create schema crm;
    create table crm.shops (shop_id integer primary key, name text, region text, zip text, active boolean);
    create table crm."Inquiries" (key uuid primary key, mail text, zip text, shop integer, state text, "at" timestamp);
    create table lead_routing_logs (id integer primary key, lead_id uuid, assigned_location_id integer, routing_reason text, routing_data json, created_at timestamptz);
    create table location_capacity (location_id integer, capacity_date date, current_leads integer, max_capacity integer, utilization_rate numeric, primary key (location_id, capacity_date));
    insert into crm.shops values (7, 'Boston', 'Massachusetts', '2134', true);
    insert into crm."Inquiries" values ('0b0f3a52-6f0e-4f0e-9d3c-3f4f53a0c001', 'ann@example.com', '02134', 7, 'Deal', '2026-02-03 04:05:06.789');
    insert into lead_routing_logs values (1, '0b0f3a52-6f0e-4f0e-9d3c-3f4f53a0c001', 7, 'nearest', '{"miles": 1.50}', '2026-02-03T04:05:07Z')`);
  const without = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, null]));
  await scaleUp(
    optionsOf({
      map: {
        tables: {
          locations: {
            table: 'crm.shops',
            columns: {
              id: 'shop_id',
              state: 'region',
              zip_code: 'zip',
              ...without(
                'address city latitude longitude phone email ghl_location_id max_daily_capacity timezone created_at updated_at',
              ),
            },
          },
          leads: {
            table: 'crm.Inquiries',
            columns: {
              id: 'key',
              email: 'mail',
              zip_code: 'zip',
              assigned_location_id: 'shop',
              status: 'state',
              created_at: 'at',
              ...without(
                'first_name last_name phone source utm_source utm_campaign utm_medium ghl_contact_id lead_score metadata updated_at',
              ),
            },
          },
        },
        statuses: { Deal: 'converted' },
      },
    }),
  );
  const { rows } = await databases.target.query(
    `select l.email, l.status, l.stage, l.created_at = uuid_extract_timestamp(l.id) as timed, k.franchise_code, e.detail ->> 'reason' as reason
     from leads l join location_keys k on k.id = l.location_id join lead_events e on e.lead_id = l.id`,
  );
  expect(rows).toEqual([
    {
      email: 'ann@example.com',
      status: 'assigned',
      stage: 'won',
      timed: true,
      franchise_code: 'OLD-7',
      reason: 'nearest',
    },
  ]);
});

it('puts rows that break a rule aside, whole and with the reason, and takes them in once they are right', async () => {
  await fillSource(`
    insert into locations (id, name, state, zip_code, ghl_location_id) values ('twin', 'Twin', 'MA', '02134', 'sub-a');
    insert into leads (id, email, zip_code, assigned_location_id, status) values
      (101, 'nozip@example.com', null, 'a', 'assigned'), (102, 'gone@example.com', '02134', 'z', 'assigned'),
      (103, 'odd@example.com', '02134', 'a', 'mystery'), (104, 'nobody@example.com', '02134', null, 'contacted'),
      (105, 'unborn@example.com', '02134', null, 'new');
    update leads set created_at = null where id = 105;
    insert into lead_routing_logs (id, lead_id, routing_reason) values ('00000000-0000-4000-8000-000000000001', 999, 'of a lead that is gone');
    insert into location_capacity values ('a', '2026-01-11', 50, 40, 125)`);
  const moved = await scaleUp(
    optionsOf({
      happened: async ({ step, what }) => {
        if (step === 'indexes' && what === 'begun')
          await databases.source.query(`update leads set zip_code = '73301' where id = 101`);
      },
    }),
  );
  expect((await quarantined()).map(({ kind, old_id, reason }) => `${kind} ${old_id} ${reason}`)).toEqual([
    'capacity a:2026-01-11 capacity_below_used',
    'leads 102 location_gone',
    'leads 103 unknown_status',
    'leads 104 no_location',
    'leads 105 no_created_at',
    'locations twin sub_account_twice',
    'routingLogs 00000000-0000-4000-8000-000000000001 lead_gone',
  ]);
  expect((await quarantined()).find(({ old_id }) => old_id === '103')?.row).toMatchObject({
    id: 103,
    email: 'odd@example.com',
    status: 'mystery',
  });
  expect(await countLeads()).toBe(11);
  expect(moved.quarantined).toContainEqual({ kind: 'leads', reason: 'location_gone', rows: 1, oldIds: ['102'] });
});

it('stops at the first such rows when asked, lists them, and goes on when they are right', async () => {
  await fillSource(
    `insert into leads (id, email, zip_code, status, created_at) values (101, 'a@example.com', 'nowhere', 'new', now())`,
  );
  const said = await failureOf(scaleUp(optionsOf({ onBadRows: 'stop' })));
  expect(said).toContain('leads 101: bad_zip');
  await databases.source.query(`update leads set zip_code = '02134' where id = 101`);
  await scaleUp(optionsOf({ onBadRows: 'stop' }));
  expect(await countLeads()).toBe(11);
});

it('follows what happens to rows during the move: changed, deleted, and given another time', async () => {
  await fillSource();
  await scaleUp(
    optionsOf({
      happened: async ({ step, what }) => {
        if (step !== 'indexes' || what !== 'begun') return;
        await databases.source.query(`
          delete from lead_routing_logs where lead_id = 1; delete from leads where id = 1;
          update leads set created_at = created_at - interval '1 year' where id = 2;
          update leads set status = 'lost', assigned_location_id = 'b' where id = 3;
          update location_capacity set current_leads = 9`);
      },
    }),
  );
  const { rows } = await databases.target.query(
    `select o.old_id as id, to_char(l.created_at, 'YYYY') as year, l.stage, l.moves, k.franchise_code as code,
       (select count(*)::int from lead_events e where e.lead_id = l.id) as events
     from old_ids o join leads l on l.id = o.id join location_keys k on k.id = l.location_id
     where o.kind = 'lead' order by o.old_id::int limit 3`,
  );
  expect(rows).toEqual([
    { id: '2', year: '2025', stage: null, moves: null, code: 'OLD-a', events: 1 },
    { id: '3', year: '2026', stage: 'lost', moves: null, code: 'OLD-b', events: 1 },
    { id: '4', year: '2026', stage: null, moves: null, code: 'OLD-a', events: 1 },
  ]);
  const { rows: seats } = await databases.target.query('select used from location_capacity');
  expect(seats).toEqual([{ used: 9 }]);
});

it('refuses a target that has something, or a schema of another day', async () => {
  await fillSource();
  await databases.target.query('create table customers (id integer)');
  expect(await failureOf(scaleUp(optionsOf()))).toContain('it has tables of something else (customers)');
  await databases.target
    .query(`drop table customers; create table schema_migrations (name text primary key, checksum text, applied_at timestamptz);
    insert into schema_migrations values ('0001_directory.sql', 'x', now())`);
  expect(await failureOf(scaleUp(optionsOf()))).toContain('The target has an older schema (without 0002_leads.sql');
  await databases.target.query('drop table schema_migrations');
  await scaleUp(optionsOf());
  expect(await failureOf(scaleUp(optionsOf({ folder: `${folder}/other` })))).toContain(
    'begun with another state folder',
  );
  await databases.target.query('delete from scale_up_steps');
  expect(await failureOf(scaleUp(optionsOf({ folder: `${folder}/other` })))).toContain('it has locations or leads');
});

it.each(['source', 'target'] as const)(
  'says in a line that the connection to the %s was lost in the middle of a COPY, and goes on',
  async (side) => {
    await fillSource();
    let chunks = 0;
    const failing = scaleUp(
      optionsOf({
        happened: async ({ step, what }) => {
          if (step !== 'leads' || what !== 'inside') return;
          chunks += 1;
          if (chunks !== 2) return;
          await databases[side].query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'switchyard-scale-up'`);
        },
      }),
    );
    expect(await failureOf(failing)).toMatch(/^A database connection was lost .*start again to go on\.$/);
    await scaleUp(optionsOf());
    expect(await countLeads()).toBe(10);
  },
);

it('says in a line that a disk is full, and goes on when it is not', async () => {
  await fillSource();
  const fill = async ({ step, what }: { step: string; what: string }) => {
    if (step !== 'leads' || what !== 'begun') return;
    await databases.target.query(`create function fill() returns trigger language plpgsql as $$ begin
        if new.email like 'person7%' then raise exception 'could not extend file' using errcode = 'disk_full'; end if; return new; end $$;
      create trigger full_disk before insert on leads for each row execute function fill()`);
  };
  expect(await failureOf(scaleUp(optionsOf({ happened: fill })))).toBe(
    'A disk is full (53100). Make room. Nothing that was moved is lost: start again to go on.',
  );
  expect(await countLeads()).toBe(4);
  await databases.target.query('drop trigger full_disk on leads');
  await scaleUp(optionsOf());
  expect(await countLeads()).toBe(10);
});

it('finds a row that was damaged on the way', async () => {
  await fillSource();
  const damage = async ({ step, what }: { step: string; what: string }) => {
    if (step === 'verify' && what === 'begun')
      await databases.target.query(`update leads set phone = '+16175550199' where email like 'person4%'`);
  };
  expect(await failureOf(scaleUp(optionsOf({ happened: damage })))).toContain('leads of 2026-02: the checksums differ');
});

it('will not roll back from a backup that is damaged, and has none to roll back from at first', async () => {
  await fillSource();
  expect(await failureOf(rollBackScaleUp(optionsOf()))).toContain('There is no backup');
  await scaleUp(optionsOf());
  expect(readdirSync(folder).sort()).toEqual([
    'capacity.copy.gz',
    'leads.copy.gz',
    'locations.copy.gz',
    'routingLogs.copy.gz',
    'state.json',
  ]);
  writeFileSync(join(folder, 'leads.copy.gz'), gzipSync(''));
  expect(await failureOf(rollBackScaleUp(optionsOf()))).toContain('leads.copy.gz is damaged: nothing was rolled back');
  expect(await countLeads()).toBe(10);
});

it('goes on with a roll back that was stopped between the source and the target, and keeps its file', async () => {
  await fillSource();
  await scaleUp(optionsOf());
  await databases.target.query(`
    insert into leads (id, created_at, source, email, postal_code, status)
      select id, uuid_extract_timestamp(id), 'website', 'after@example.com', '02134', 'parked' from (select uuidv7() as id) made;
    create table holds (hash bytea references person_keys)`);
  expect(await failureOf(rollBackScaleUp(optionsOf()))).toContain('A database refused a statement');
  await databases.source.query(
    `insert into leads (email, zip_code, status) values ('new@example.com', '02134', 'new')`,
  );
  await databases.target.query('drop table holds');
  const { kept, file, tables } = await rollBackScaleUp(optionsOf());
  expect({ kept, tables }).toMatchObject({
    kept: 1,
    tables: [{ restored: 0 }, { restored: 0, arrived: 1 }, { restored: 0 }, { restored: 0 }],
  });
  expect(await rollBackScaleUp(optionsOf())).toMatchObject({ kept: 0 });
  expect(readFileSync(file, 'utf8')).toContain('after@example.com');
  expect(await countLeads()).toBe(0);
});

it('keeps leads that come while it rolls back, and those of a second time beside them', async () => {
  await fillSource();
  await scaleUp(optionsOf());
  const arrive = (email: string) =>
    databases.target.query(
      `insert into leads (id, created_at, source, email, postal_code, status)
       select id, uuid_extract_timestamp(id), 'website', $1, '02134', 'parked' from (select uuidv7() as id) made`,
      [email],
    );
  await arrive('before@example.com');
  await databases.source.query('begin; lock table leads in access exclusive mode');
  const rollingBack = rollBackScaleUp(optionsOf());
  await eventually(async () => {
    const { rows } = await databases.target.query(`select from pg_stat_activity
      where application_name = 'switchyard-scale-up' and wait_event_type = 'Lock'`);
    expect(rows).toHaveLength(1);
  });
  await arrive('meanwhile@example.com');
  await databases.source.query('commit');
  const first = await rollingBack;
  expect([first.kept, await countLeads()]).toEqual([2, 0]);
  await arrive('late@example.com');
  const second = await rollBackScaleUp(optionsOf());
  const emailsIn = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(/"email": *"([a-z]+)@/g)].map(([, name]) => name ?? '').sort();
  expect([emailsIn(first.file), emailsIn(second.file)]).toEqual([['before', 'meanwhile'], ['late']]);
});

it('does not hold up the source for ever behind a transaction that somebody forgot', async () => {
  await fillSource();
  await databases.source.query('begin; insert into leads (email) values (null)');
  const said = await failureOf(scaleUp(optionsOf()));
  await databases.source.query('rollback');
  expect(said).toBe(
    'A table was locked by somebody else for too long. Nothing that was moved is lost: start again to go on.',
  );
});

it('says what it would do, and writes nothing', async () => {
  await fillSource(`insert into leads (id, email, status) values (101, 'nozip@example.com', 'new')`);
  const plan = await dryRun({ from: databases.sourceUrl, to: databases.targetUrl });
  expect(plan.kinds).toEqual([
    { kind: 'locations', rows: 2, bad: [] },
    { kind: 'leads', rows: 11, bad: [{ reason: 'no_zip', rows: 1, oldIds: ['101'] }] },
    { kind: 'routingLogs', rows: 10, bad: [] },
    { kind: 'capacity', rows: 1, bad: [] },
  ]);
  const { rows } = await databases.target.query(`select from pg_class where relnamespace = 'public'::regnamespace`);
  expect(rows).toHaveLength(0);
});

it('is run from a terminal: asks for what is missing in words, moves, and rolls back', async () => {
  await fillSource();
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [MAIN, ...args], { env: { ...process.env, PERSON_HASH_KEY: KEY } }).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
  const urls = ['--from', databases.sourceUrl, '--to', databases.targetUrl, '--state', folder];
  expect((await run('--to', databases.targetUrl)).stderr).toContain('scale-up: --from is missing');
  expect((await run(...urls, '--dry-run')).stdout).toContain('Nothing was written.');
  expect((await run(...urls)).stdout).toContain(
    'Verified, by table and month: 2 locations, 10 leads, 10 routingLogs, 1 capacity.',
  );
  await databases.target.query(`insert into lead_archive (table_name, month) values ('leads_2020_01', '2020-01-01')`);
  expect((await run(...urls, '--roll-back')).stderr).toContain('Months of leads were archived since the move');
  expect(await countLeads()).toBe(10);
  await databases.target.query('delete from lead_archive');
  expect((await run(...urls, '--roll-back')).stdout).toContain('The source takes writes again; the target is empty.');
  expect(await countLeads()).toBe(0);
});
