// What happens in the source during the move: triggers write the key of every changed row into a table, and draining reads these rows as
// they are now. So draining twice, or in another order, ends the same.
import type pg from 'pg';
import { amongKeys, applyRows, literalKey, readKey, removeRows, toOldId } from './apply-rows.ts';
import { readPersons, remakePersons } from './persons.ts';
import { inTransaction, type Run } from './run.ts';
import { KINDS, type Kind, type SourceTable, type SourceTables } from './source-layout.ts';

export const SOURCE_SCHEMA = 'switchyard_scale_up';
const DRAINED_AT_ONCE = 2000;

/** Waits for writers that began before, so that each of their rows is either seen by the first read or written down. */
export async function captureChanges(source: pg.Client, tables: SourceTables): Promise<void> {
  await inTransaction(source, async () => {
    await source.query(`
      create schema if not exists ${SOURCE_SCHEMA};
      create table if not exists ${SOURCE_SCHEMA}.changes (
        seq bigint generated always as identity primary key, kind text not null, key jsonb not null);
      create or replace function ${SOURCE_SCHEMA}.refuse() returns trigger language plpgsql as $refuse$
      begin
        raise exception 'this table has moved to Switchyard' using errcode = 'read_only_sql_transaction';
      end $refuse$`);
    for (const kind of KINDS) {
      const { name } = tables[kind];
      await source.query(describeCapture(tables[kind]));
      await source.query(`create or replace trigger switchyard_scale_up_capture after insert or update or delete on ${name}
        for each row execute function ${SOURCE_SCHEMA}.capture_${kind}()`);
      await source.query(`create or replace trigger switchyard_scale_up_truncate before truncate on ${name}
        for each statement execute function ${SOURCE_SCHEMA}.refuse()`);
    }
  });
}

/** Looks at the key alone: what else a row has must not keep it from being written. */
function describeCapture({ kind, keys }: SourceTable): string {
  const keyOf = (row: string) =>
    `jsonb_build_array(${keys.map(({ column }) => `to_jsonb(${row}.${column.slice(2)}) #>> '{}'`).join(', ')})`;
  const insert = `insert into ${SOURCE_SCHEMA}.changes (kind, key)`;
  return `create or replace function ${SOURCE_SCHEMA}.capture_${kind}() returns trigger language plpgsql
    security definer set search_path = pg_catalog as $capture$
    begin
      if tg_op <> 'INSERT' then ${insert} values ('${kind}', ${keyOf('old')}); end if;
      if tg_op = 'UPDATE' then ${insert} select '${kind}', ${keyOf('new')} where ${keyOf('new')} <> ${keyOf('old')}; end if;
      if tg_op = 'INSERT' then ${insert} values ('${kind}', ${keyOf('new')}); end if;
      return null;
    end $capture$`;
}

/** From now on the source's tables refuse to be written: what a caller is told is stored, is stored on the right side. */
export async function fenceSource(source: pg.Client, tables: SourceTables): Promise<void> {
  for (const kind of KINDS) {
    await source.query(`create or replace trigger switchyard_scale_up_fence before insert or update or delete on ${tables[kind].name}
      for each statement execute function ${SOURCE_SCHEMA}.refuse()`);
  }
}

interface Change {
  readonly seq: string;
  readonly kind: Kind;
  readonly key: string;
}

/** Brings over what `reader` sees as changed; with a snapshot as the reader the target is then as that snapshot is. */
export async function drainChanges(run: Run, reader: pg.Client = run.source): Promise<number> {
  let drained = 0;
  for (let after = '0'; ;) {
    const { rows } = await reader.query<Change>(
      `select seq::text as seq, kind, key::text as key from ${SOURCE_SCHEMA}.changes where seq > $1 order by seq limit $2`,
      [after, DRAINED_AT_ONCE],
    );
    const last = rows.at(-1);
    if (!last) return drained;
    await inTransaction(run.target, () => applyChanges(run, reader, rows));
    if (reader === run.source) await forget(run.source, rows);
    after = last.seq;
    drained += rows.length;
  }
}

async function applyChanges(run: Run, reader: pg.Client, changes: readonly Change[]): Promise<void> {
  for (const kind of KINDS) {
    const keys = [...new Set(changes.filter((change) => change.kind === kind).map(({ key }) => key))];
    if (keys.length > 0) await applyKeys(run, reader, { kind, keys });
  }
}

/** Brings these rows to what they are in the source, or takes them out where they are gone. */
export async function applyKeys(
  run: Run,
  reader: pg.Client,
  { kind, keys: given }: { kind: Kind; keys: readonly string[] },
): Promise<void> {
  const keys = await writeAlike(reader, run.tables[kind], given);
  const condition = amongKeys(run.tables[kind], keys);
  const persons = kind === 'leads' ? await readPersons(run, keys.map(toOldId)) : [];
  const applied = await applyRows(run, kind, { reader, condition, areChanges: true });
  const found = new Set(applied.keys.map(toOldId));
  const gone = keys.filter((key) => !found.has(toOldId(key)));
  await removeRows(run, kind, gone);
  if (kind === 'leads') {
    const bad = applied.bad.map(({ oldId }) => JSON.stringify([oldId]));
    const lost = [...gone, ...bad];
    await forgetLeads(run, reader, lost);
    if (lost.length > 0 && persons.length > 0) await remakePersons(run, persons);
  }
  if (gone.length === 0) return;
  await run.target.query('delete from scale_up_quarantine where kind = $1 and old_id = any ($2::text[])', [
    kind,
    gone.map(toOldId),
  ]);
  if (kind === 'locations') await retire(run, gone.map(toOldId));
}

/** Keys as reading rows writes them, each once: a trigger writes times and dates in another way. */
async function writeAlike(reader: pg.Client, table: SourceTable, keys: readonly string[]): Promise<string[]> {
  const values = keys.map((key) => literalKey(table, readKey(key)));
  const names = table.keys.map((_, index) => `k${index}`);
  const { rows } = await reader.query<{ key: string }>(
    `select distinct jsonb_build_array(${names.map((name) => `${name}::text`).join(', ')})::text as key
     from (values ${values.join(', ')}) as v (${names.join(', ')})`,
  );
  return rows.map(({ key }) => key);
}

/** Our locations are never deleted: one that is gone takes no leads any more, and another may have its sub-account. */
async function retire(run: Run, oldIds: readonly string[]): Promise<void> {
  for (const oldId of oldIds) {
    const location = run.moved.get(oldId);
    if (!location) continue;
    run.moved.set(oldId, { ...location, ghlLocationId: null });
    await run.target.query('update locations set active = false, ghl_location_id = null where id = $1', [location.id]);
    await run.target.query(
      `insert into scale_up_quarantine (kind, old_id, reason, row) values ('locations', $1, 'deleted', '{}')`,
      [oldId],
    );
  }
}

/** A lead that is gone takes its events along; logs that the source still has of it are then looked at again. */
async function forgetLeads(run: Run, reader: pg.Client, gone: readonly string[]): Promise<void> {
  const oldIds = gone.map(toOldId);
  if (oldIds.length === 0) return;
  await run.target.query(
    `delete from person_keys p using old_ids o where o.kind = 'lead' and o.old_id = any ($1::text[]) and p.lead_id = o.id`,
    [oldIds],
  );
  const { rows } = await run.target.query<{ log: string }>(
    `select substr(e.message_id, length('scale-up-') + 1) as log from lead_events e
     join old_ids o on o.kind = 'lead' and o.old_id = any ($1::text[]) and e.lead_id = o.id and e.kind = 'routed_before'`,
    [oldIds],
  );
  await removeRows(
    run,
    'routingLogs',
    rows.map(({ log }) => JSON.stringify([log])),
  );
  await run.target.query(`delete from old_ids where kind = 'lead' and old_id = any ($1::text[])`, [oldIds]);
  if (rows.length === 0) return;
  await applyKeys(run, reader, { kind: 'routingLogs', keys: rows.map(({ log }) => JSON.stringify([log])) });
}

async function forget(source: pg.Client, changes: readonly Change[]): Promise<void> {
  await source.query(`delete from ${SOURCE_SCHEMA}.changes where seq = any ($1::bigint[])`, [
    changes.map(({ seq }) => seq),
  ]);
}
