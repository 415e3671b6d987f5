import type pg from 'pg';
import { orderOf } from './apply-rows.ts';
import { Refusal } from './refusal.ts';
import { KINDS, type SourceTable, type SourceTables } from './source-layout.ts';

/** Rows are told apart by their keys alone. @throws Refusal naming the tables that have rows without a key, or two of one key */
export async function assertKeys(source: pg.Client, tables: SourceTables): Promise<void> {
  const faults: string[] = [];
  for (const kind of KINDS) {
    const table = tables[kind];
    if (!(await isKept(source, table)) && (await hasBadKeys(source, table)))
      faults.push(`${table.name} (${table.keys.map(({ column }) => column.slice(2)).join(', ')})`);
  }
  if (faults.length > 0)
    throw new Refusal(
      `There are rows without an id, or two with the same: ${faults.join('; ')}. Put them right first.`,
    );
}

/** Whether a unique index over keys that are never null sees to it. */
async function isKept(source: pg.Client, { name, keys }: SourceTable): Promise<boolean> {
  const { rows } = await source.query<{ kept: boolean }>(
    `select exists (select from pg_index i
       where i.indrelid = to_regclass($1) and i.indisunique and i.indisvalid and i.indpred is null
         and (select bool_and(coalesce(a.attnotnull and 't.' || quote_ident(a.attname) = any ($2::text[]), false))
              from unnest(i.indkey) with ordinality k (attnum, place)
              left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
              where k.place <= i.indnkeyatts)) as kept`,
    [name, keys.map(({ column }) => column.replaceAll(/"([a-z_][a-z0-9_]*)"/g, '$1'))],
  );
  return rows[0]?.kept ?? false;
}

async function hasBadKeys(source: pg.Client, table: SourceTable): Promise<boolean> {
  const columns = orderOf(table);
  const { rows } = await source.query(
    `select from ${table.name} t group by ${columns}
     having count(*) > 1 or ${table.keys.map(({ column }) => `${column} is null`).join(' or ')} limit 1`,
  );
  return rows.length > 0;
}
