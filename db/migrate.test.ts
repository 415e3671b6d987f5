import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { migrateDatabase } from './migrate.ts';

const serverUrl = inject('testPostgres').url;
let url: string;
let path: string;
let folder: URL;

beforeEach(async () => {
  const name = `migrate_${randomUUID().replaceAll('-', '')}`;
  await query(serverUrl, `create database ${name}`);
  url = new URL(`/${name}`, serverUrl).href;
  path = await mkdtemp(join(tmpdir(), 'switchyard-migrations-'));
  folder = pathToFileURL(`${path}/`);
});

afterEach(async () => {
  await query(serverUrl, `drop database ${new URL(url).pathname.slice(1)} with (force)`);
  await rm(path, { recursive: true });
});

async function query(databaseUrl: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const write = (name: string, sql: string): Promise<void> => writeFile(join(path, name), sql);

it('brings an empty database up to the newest migration, and does nothing the second time', async () => {
  const names = (await readdir(new URL('./migrations/', import.meta.url))).filter((name) => name.endsWith('.sql'));
  expect(await migrateDatabase({ url })).toEqual({ applied: names.sort() });
  expect(await migrateDatabase({ url })).toEqual({ applied: [] });
});

it('applies each migration once when several are started at the same moment', async () => {
  await write('0001_slow.sql', 'create table slow (id int); select pg_sleep(0.2);');
  await write('0002_next.sql', 'create table next (id int);');
  const runs = await Promise.all(Array.from({ length: 4 }, () => migrateDatabase({ url, folder })));
  expect(runs.flatMap((run) => run.applied).sort()).toEqual(['0001_slow.sql', '0002_next.sql']);
});

it('refuses an applied file that was edited, by name', async () => {
  await write('0001_a.sql', 'create table a (id int);');
  await migrateDatabase({ url, folder });
  await write('0001_a.sql', 'create table a (id bigint);');
  await expect(migrateDatabase({ url, folder })).rejects.toThrow('0001_a.sql was edited after it was applied here');
});

it('leaves nothing of a file that fails, names its line, and keeps those before it', async () => {
  await write('0001_a.sql', 'create table a (id int);');
  await write('0002_b.sql', 'create table b (id int);\nselect * from nowhere;');
  await expect(migrateDatabase({ url, folder })).rejects.toThrow(
    '0002_b.sql failed: relation "nowhere" does not exist (line 2)',
  );
  const found = await query(
    url,
    `select to_regclass('a')::text as a, to_regclass('b')::text as b, name from schema_migrations`,
  );
  expect(found).toEqual([{ a: 'a', b: null, name: '0001_a.sql' }]);
});

it('keeps the password out of what it says', async () => {
  const wrong = new URL(url);
  wrong.password = 'hunter2-secret';
  const failed = await migrateDatabase({ url: wrong.href, folder }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Error);
  expect(String(failed)).not.toContain('hunter2');
  await expect(migrateDatabase({ url: 'hunter2-secret', folder })).rejects.toThrow('must look like postgres://');
});
