import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Refusal } from './refusal.ts';
import { inTransaction, type Run } from './run.ts';
import { KINDS, type Kind, type SourceTable } from './source-layout.ts';
import type { State } from './state-file.ts';

const COMPRESSION = { level: 1 };

function fileOf(folder: string, kind: Kind): string {
  return join(folder, `${kind}.copy.gz`);
}

/** All tables as they are at one moment, each in a file of its own. Begun anew when it was interrupted: half of a moment is none. */
export async function backUp(run: Run): Promise<NonNullable<State['backup']>> {
  await mkdir(run.folder, { recursive: true, mode: 0o700 });
  const files: NonNullable<State['backup']> = {};
  const begin = 'begin isolation level repeatable read read only';
  await inTransaction(
    run.source,
    async () => {
      for (const kind of KINDS) {
        files[kind] = await backUpTable(run.source, run.tables[kind], fileOf(run.folder, kind));
        await run.happened({ step: 'backup', what: 'inside', rows: files[kind].rows });
      }
    },
    begin,
  );
  return files;
}

async function backUpTable(
  source: pg.Client,
  table: SourceTable,
  file: string,
): Promise<{ rows: number; sha256: string }> {
  const copied = source.query(copyTo(`copy ${table.name} (${table.stored}) to stdout`));
  const digest = createDigest();
  const unfinished = `${file}.unfinished`;
  await pipeline(copied, createGzip(COMPRESSION), digest.stream, createWriteStream(unfinished, { mode: 0o600 }));
  await rename(unfinished, file);
  return { rows: copied.rowCount, sha256: digest.read() };
}

function createDigest(): { stream: Transform; read: () => string } {
  const hash = createHash('sha256');
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, read: () => hash.digest('hex') };
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

export interface Restored {
  readonly kind: Kind;
  readonly restored: number;
  /** Rows that the source got since the backup. */
  readonly arrived: number;
}

/** Puts back the rows of the backup that the source has no more, inside the caller's transaction. What came since stays. */
export async function restoreTable(
  source: pg.Client,
  table: SourceTable,
  { folder, backup }: { folder: string; backup: NonNullable<State['backup']> },
): Promise<Restored> {
  const file = fileOf(folder, table.kind);
  if ((await digestOf(file)) !== backup[table.kind]?.sha256)
    throw new Refusal(`The backup ${file} is damaged: nothing was rolled back.`);
  const stage = `pg_temp.backup_${table.kind.toLowerCase()}`;
  await source.query(
    `create temp table ${stage.replace('pg_temp.', '')} on commit drop as select ${table.stored} from ${table.name} with no data`,
  );
  await pipeline(createReadStream(file), createGunzip(), source.query(copyFrom(`copy ${stage} from stdin`)));
  await source.query(`analyze ${stage.replace('pg_temp.', '')}`);
  const keys = table.keys.map(({ column }) => column.slice(2));
  const same = keys.map((key) => `a.${key} = b.${key}`).join(' and ');
  const arrived = await source.query<{ count: string }>(
    `select count(*) from ${table.name} a where not exists (select from ${stage} b where ${same})`,
  );
  const restored = await source.query(
    `insert into ${table.name} (${table.stored}) overriding system value select b.* from ${stage} b where not exists (select from ${table.name} a where ${same})`,
  );
  return { kind: table.kind, restored: restored.rowCount ?? 0, arrived: Number(arrived.rows[0]?.count ?? 0) };
}
