import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import pg from 'pg';

const MIGRATIONS_FOLDER = new URL('./migrations/', import.meta.url);
const CONNECT_TIMEOUT_MS = 15_000;
const STATEMENT_TIMEOUT = '10min';
/** Any number will do, so long as nothing else in the database locks it. */
const ADVISORY_LOCK = 7_305_118_201;

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string };
type MigrateOptions = {
  readonly url: string;
  readonly folder?: URL;
  readonly log?: (line: string) => void;
};

/**
 * Brings the database at `url` up to the newest file in db/migrations and answers the names it applied, oldest first.
 * Safe to run twice or from two places at once. Rejects, with a message that holds no password, when the database
 * cannot be reached, when a file fails (that file leaves nothing behind), or when an applied file was edited since.
 */
export async function migrateDatabase(options: MigrateOptions): Promise<{ applied: string[] }> {
  const { url, folder = MIGRATIONS_FOLDER, log = () => {} } = options;
  const migrations = await readMigrations(folder);
  const client = await connect(url);
  try {
    const applied: string[] = [];
    for (const migration of migrations) {
      if (await applyMigration(client, migration)) {
        applied.push(migration.name);
        log(`applied ${migration.name}`);
      }
    }
    return { applied };
  } finally {
    await client.end();
  }
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: demandVerifiedTls(url),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'switchyard-migrate',
  });
  client.on('error', () => {
    // A dropped connection also rejects the query in flight: that rejection is the one that is reported.
  });
  await client.connect();
  return client;
}

/** Neon hands out `sslmode=require`, which pg takes as `verify-full` with a warning: ask for what is meant. */
function demandVerifiedTls(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new Error('the database URL must look like postgres://user:password@host/database');
  }
  const mode = parsed.searchParams.get('sslmode');
  if (mode === 'require' || mode === 'prefer' || mode === 'verify-ca') {
    parsed.searchParams.set('sslmode', 'verify-full');
  }
  return parsed.href;
}

/**
 * One transaction: lock, look, run, record. The lock belongs to the transaction and not to the session, so it also
 * works through Neon's pooler, which hands every transaction to whichever connection is free.
 */
async function applyMigration(client: pg.Client, migration: Migration): Promise<boolean> {
  await client.query('begin');
  try {
    await client.query(`set local statement_timeout = '${STATEMENT_TIMEOUT}'`);
    await client.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    const isNew = !(await isApplied(client, migration));
    if (isNew) await runMigration(client, migration);
    await client.query('commit');
    return isNew;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

async function isApplied(client: pg.Client, migration: Migration): Promise<boolean> {
  await client.query(`create table if not exists schema_migrations (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
  const found = await client.query<{ checksum: string }>('select checksum from schema_migrations where name = $1', [
    migration.name,
  ]);
  const row = found.rows[0];
  if (row !== undefined && row.checksum !== migration.checksum) {
    throw new Error(`${migration.name} was edited after it was applied here: add a new migration instead`);
  }
  return row !== undefined;
}

async function runMigration(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query(migration.sql);
  } catch (error) {
    throw new Error(`${migration.name} failed: ${describe(error)}${lineOf(error, migration.sql)}`, { cause: error });
  }
  await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [
    migration.name,
    migration.checksum,
  ]);
}

function lineOf(error: unknown, sql: string): string {
  if (!(error instanceof pg.DatabaseError) || error.position === undefined) return '';
  return ` (line ${sql.slice(0, Number(error.position)).split('\n').length})`;
}

function describe(error: unknown): string {
  // Node reports a refused connection to a host with two addresses as an AggregateError without a message.
  if (error instanceof AggregateError) return error.errors.map((each) => describe(each)).join('; ');
  return error instanceof Error ? error.message : String(error);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { url: { type: 'string' } } });
  const url = values.url ?? process.env['DATABASE_URL'];
  if (url === undefined || url === '') throw new Error('give --url or set DATABASE_URL');
  const { applied } = await migrateDatabase({ url, log: (line) => console.log(line) });
  console.log(applied.length === 0 ? 'nothing to do: the database is up to date' : `${applied.length} applied`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error: unknown) => {
    console.error(`migrate: ${describe(error)}`);
    process.exitCode = 1;
  });
}
