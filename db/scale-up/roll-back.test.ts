import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { rollBackScaleUp, scaleUp } from './scale-up.ts';
import { SOURCE_TABLES } from './testing/make-source.ts';
import { createSmallMove, failureOf, fillSmallSource, type SmallMove } from './testing/small-move.ts';

let move: SmallMove;

beforeEach(async () => {
  move = await createSmallMove(inject('testPostgres').url);
});

afterEach(() => move.drop());

it('keeps leads that came while the source was put back', async () => {
  const { databases, optionsOf, arrive } = move;
  await fillSmallSource(databases.source);
  await scaleUp(optionsOf());
  await arrive('before@example.com');
  await databases.source
    .query(`set session_replication_role = replica; delete from leads where id = 1; reset session_replication_role;
    create function take_long() returns trigger language plpgsql as $$ begin perform pg_sleep(2); return new; end $$;
    create trigger slow before insert on leads for each row execute function take_long()`);
  const rolling = rollBackScaleUp(optionsOf());
  await expect
    .poll(
      async () =>
        (
          await databases.target.query(
            `select from pg_stat_activity where query like 'insert into "leads"%' and state = 'active'`,
          )
        ).rowCount,
    )
    .toBe(1);
  await arrive('meanwhile@example.com');
  const { kept, file } = await rolling;
  expect(kept).toBe(2);
  expect(readFileSync(file, 'utf8')).toMatch(/before@example\.com.*meanwhile@example\.com|meanwhile@.*before@/s);
});

it('writes no file over that of an earlier roll back', async () => {
  const { databases, optionsOf, arrive } = move;
  await fillSmallSource(databases.source);
  await scaleUp(optionsOf());
  await arrive('first@example.com');
  const first = await rollBackScaleUp(optionsOf());
  await arrive('second@example.com');
  const second = await rollBackScaleUp(optionsOf());
  expect(readFileSync(first.file, 'utf8')).toContain('first@example.com');
  expect(readFileSync(second.file, 'utf8')).toContain('second@example.com');
});

it('does not take a move for done whose roll back was stopped half way', async () => {
  const { databases, optionsOf } = move;
  await fillSmallSource(databases.source);
  await scaleUp(optionsOf());
  await databases.target.query('create table holds (hash bytea references person_keys)');
  expect(await failureOf(rollBackScaleUp(optionsOf()))).toContain('A database refused a statement');
  expect(await failureOf(scaleUp(optionsOf()))).toBe(
    'A roll back has begun and is not over: finish it with --roll-back, then move anew.',
  );
  await databases.target.query('drop table holds');
  await rollBackScaleUp(optionsOf());
  await scaleUp(optionsOf());
});

it('puts back rows of a table that has generated columns', async () => {
  const { databases, optionsOf } = move;
  const tables = SOURCE_TABLES.replace(
    'utilization_rate numeric,',
    'utilization_rate numeric not null generated always as (current_leads * 100.0 / max_capacity) stored,',
  );
  await fillSmallSource(databases.source, { tables });
  await scaleUp(optionsOf());
  await databases.source.query(
    'set session_replication_role = replica; delete from location_capacity; reset session_replication_role',
  );
  const { tables: restored } = await rollBackScaleUp(optionsOf());
  expect(restored.map((each) => each.restored)).toEqual([0, 0, 0, 1]);
  const { rows } = await databases.source.query('select current_leads, utilization_rate::float from location_capacity');
  expect(rows).toEqual([{ current_leads: 1, utilization_rate: 2.5 }]);
});

it('says that a backup is damaged which cannot even be unpacked', async () => {
  const { databases, folder, optionsOf } = move;
  await fillSmallSource(databases.source);
  await scaleUp(optionsOf());
  writeFileSync(join(folder, 'leads.copy.gz'), 'no longer packed');
  expect(await failureOf(rollBackScaleUp(optionsOf()))).toContain('leads.copy.gz is damaged: nothing was rolled back');
});
