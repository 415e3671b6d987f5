import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { scaleUp } from './scale-up.ts';
import { SOURCE_TABLES } from './testing/make-source.ts';
import { createSmallMove, fillSmallSource, type SmallMove } from './testing/small-move.ts';

let move: SmallMove;

beforeEach(async () => {
  move = await createSmallMove(inject('testPostgres').url);
});

afterEach(() => move.drop());

const readTarget = async (sql: string) => (await move.databases.target.query(sql)).rows;

it('switches a location off that is deleted during the move, and gives its sub-account to whoever has it now', async () => {
  await fillSmallSource(move.databases.source);
  const { quarantined } = await scaleUp(
    move.during(
      'indexes',
      `delete from locations where id = 'b';
       insert into locations (id, name, state, zip_code, ghl_location_id) values ('c', 'Austin again', 'TX', '73301', 'sub-b')`,
    ),
  );
  expect(await readTarget('select name, active, ghl_location_id as ghl from locations order by name')).toEqual([
    { name: 'Austin', active: false, ghl: null },
    { name: 'Austin again', active: true, ghl: 'sub-b' },
    { name: 'Boston', active: true, ghl: 'sub-a' },
  ]);
  expect(quarantined).toEqual([{ kind: 'locations', reason: 'deleted', rows: 1, oldIds: ['b'] }]);
});

it('takes a deleted location back under its id, also where it comes with another time', async () => {
  await fillSmallSource(move.databases.source);
  await scaleUp(
    move.optionsOf({
      happened: async ({ step, what }) => {
        if (what !== 'begun') return;
        if (step === 'leads') await move.databases.source.query(`delete from locations where id = 'b'`);
        if (step === 'verify')
          await move.databases.source
            .query(`insert into locations (id, name, state, zip_code, ghl_location_id, created_at)
            values ('b', 'Austin', 'TX', '73301', 'sub-b', now() + interval '1 hour');
            update locations set created_at = created_at - interval '3 days' where id = 'a'`);
      },
    }),
  );
  expect(await readTarget('select active, ghl_location_id as ghl from locations order by name')).toEqual([
    { active: true, ghl: 'sub-b' },
    { active: true, ghl: 'sub-a' },
  ]);
  expect(await readTarget('select 1 from scale_up_quarantine')).toEqual([]);
});

it('has a lead once whose time changes after it was brought over and before its chunk is read', async () => {
  const { source } = move.databases;
  await fillSmallSource(source);
  let chunks = 0;
  await scaleUp(
    move.optionsOf({
      chunkRows: 3,
      happened: async ({ step, what }) => {
        if (step !== 'leads' || what !== 'inside') return;
        chunks += 1;
        if (chunks === 1) {
          await source.query('update leads set lead_score = 3 where id = 10');
          await sleep(1200);
        }
        if (chunks === 2)
          await source.query(`update leads set created_at = created_at - interval '40 days' where id = 10`);
      },
    }),
  );
  expect(await readTarget('select count(*)::int as leads from leads')).toEqual([{ leads: 10 }]);
});

it.each([
  ['dates as the database writes them', 'date', `set datestyle = 'SQL, DMY'`],
  ['days with a time', 'timestamp', `set datestyle = 'ISO, MDY'`],
])('follows seats of a day with %s', async (_what, type, setting) => {
  const tables = SOURCE_TABLES.replace('capacity_date date', `capacity_date ${type}`);
  const more = `do $$ begin execute format('alter database %I ${setting.replaceAll("'", "''")}', current_database()); end $$;
    insert into location_capacity values ('a', '2026-01-11', 50, 40, 125)`;
  await fillSmallSource(move.databases.source, { tables, more });
  const { quarantined } = await scaleUp(
    move.during('indexes', `update location_capacity set current_leads = 3 where capacity_date = '2026-01-10'`),
  );
  expect(await readTarget('select day::text, used from location_capacity')).toEqual([{ day: '2026-01-10', used: 3 }]);
  expect(quarantined).toMatchObject([{ reason: 'capacity_below_used', rows: 1 }]);
});

it('still knows a person one of whose leads is deleted, and where the others are', async () => {
  await fillSmallSource(move.databases.source, {
    more: `update leads set phone = null; update leads set email = 'twice@example.com' where id in (1, 9);
      update leads set assigned_location_id = 'b' where id = 9`,
  });
  const readPerson = `select o.old_id as lead, p.location_id = l.location_id as there, p.lead_at = l.created_at as timed from person_keys p
    join leads l on l.id = p.lead_id join old_ids o on o.kind = 'lead' and o.id = l.id where l.email = 'twice@example.com'`;
  const seen: unknown[] = [];
  await scaleUp(
    move.optionsOf({
      happened: async ({ step, what }) => {
        if (step !== 'indexes' || what !== 'begun') return;
        seen.push(await readTarget(readPerson));
        await move.databases.source.query('delete from leads where id = 9');
      },
    }),
  );
  expect(seen).toEqual([[{ lead: '9', there: true, timed: true }]]);
  expect(await readTarget(readPerson)).toEqual([{ lead: '1', there: true, timed: true }]);
});

it('has no lead any more that the source deletes', async () => {
  await fillSmallSource(move.databases.source);
  await scaleUp(
    move.during('indexes', 'delete from leads where id < 3; delete from lead_routing_logs where lead_id < 3'),
  );
  expect(
    await readTarget(
      `select (select count(*)::int from leads) as leads, (select count(*)::int from lead_events) as events,
         (select count(*)::int from old_ids where kind <> 'location') as ids`,
    ),
  ).toEqual([{ leads: 8, events: 8, ids: 16 }]);
});
