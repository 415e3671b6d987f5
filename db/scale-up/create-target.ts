import type pg from 'pg';
import { readdirSync } from 'node:fs';
import { migrateDatabase } from '../migrate.ts';
import { readCheckpoint, saveCheckpoint } from './checkpoints.ts';
import { Refusal } from './refusal.ts';
import { inTransaction, type Run } from './run.ts';

const SET_ASIDE = 'indexes-set-aside';
/** Their own keys stay: they are what makes a repeated row the same row. */
const LOADED_TABLES = ['leads', 'lead_events'];

/** @throws Refusal for a target with data of its own, or whose schema is of another day than this code */
export async function checkTarget(target: pg.Client, { isBegun }: { isBegun: boolean }): Promise<void> {
  const { rows } = await target.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
  );
  const tables = new Set(rows.map(({ name }) => name));
  if (!tables.has('schema_migrations')) {
    if (tables.size > 0 && !isBegun)
      throw new Refusal(
        `The target is not empty: it has tables of something else (${[...tables].slice(0, 5).join(', ')}).`,
      );
    return;
  }
  const missing = await findMissingMigrations(target);
  if (missing.length > 0 && !isBegun) {
    throw new Refusal(
      `The target has an older schema (without ${missing.join(', ')}). Bring it up to date first: npm run db:migrate -- --url URL.`,
    );
  }
  if (missing.length === 0 && !isBegun) await assertEmpty(target);
}

async function findMissingMigrations(target: pg.Client): Promise<string[]> {
  const files = readdirSync(new URL('../migrations/', import.meta.url)).filter((name) => name.endsWith('.sql'));
  const { rows } = await target.query<{ name: string }>('select name from schema_migrations');
  const applied = new Set(rows.map(({ name }) => name));
  return files.filter((name) => !applied.has(name)).sort();
}

async function assertEmpty(target: pg.Client): Promise<void> {
  const { rows } = await target.query<{ begun: boolean; full: boolean }>(
    `select exists (select from scale_up_steps) as begun,
       exists (select from leads) or exists (select from locations) or exists (select from location_capacity) as full`,
  );
  if (rows[0]?.begun)
    throw new Refusal('A move into this target has begun with another state folder: name that one with --state.');
  if (rows[0]?.full)
    throw new Refusal('The target is not empty: it has locations or leads. A move goes into an empty one.');
}

/** The schema, the partitions of all months that the source has leads of, and the indexes put aside until the rows are in. */
export async function createTarget(run: Run, targetUrl: string): Promise<void> {
  await migrateDatabase({ url: targetUrl });
  await run.happened({ step: 'create', what: 'inside' });
  const created = run.tables.leads.createdAt ?? 'null::timestamptz';
  const { rows } = await run.source.query<{ month: string }>(
    `select distinct to_char(date_trunc('month', ${created} at time zone 'UTC'), 'YYYY-MM-DD') as month
     from ${run.tables.leads.name} t
     where ${created} >= '2000-01-01' and ${created} < now() + interval '1 day' order by 1`,
  );
  for (const { month } of rows) await run.target.query('select ensure_past_lead_partitions($1, $1)', [month]);
  await inTransaction(run.target, () => setIndexesAside(run.target));
}

async function setIndexesAside(target: pg.Client): Promise<void> {
  const known = await readCheckpoint(target, SET_ASIDE);
  if (known.detail !== null) return;
  const { rows } = await target.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i join pg_class c on c.oid = i.indrelid
     where c.relname = any ($1) and c.relnamespace = 'public'::regnamespace and not i.indisunique`,
    [LOADED_TABLES],
  );
  for (const { name } of rows) await target.query(`drop index ${name}`);
  const definitions = rows.map(({ definition }) =>
    definition.replace(/ ON ONLY /, ' ON ').replace(/^CREATE INDEX /, 'CREATE INDEX IF NOT EXISTS '),
  );
  await saveCheckpoint(target, SET_ASIDE, { rows: rows.length, detail: definitions });
}

/** Makes the indexes again; one that is there is left as it is. */
export async function makeIndexes(target: pg.Client, between: () => Promise<void>): Promise<void> {
  const { detail } = await readCheckpoint(target, SET_ASIDE);
  for (const definition of Array.isArray(detail) ? detail : []) {
    await target.query(String(definition));
    await between();
  }
  await between();
  for (const table of ['leads', 'lead_events', 'person_keys', 'old_ids', 'location_capacity'])
    await target.query(`analyze ${table}`);
}
