import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isProcessAlive } from './child-processes.ts';
import { findFreePort } from './ports.ts';
import { removePostgresData, startPostgres } from './postgres.ts';
import type { PostgresServer } from './postgres.ts';

const isRoot = process.getuid?.() === 0;
let folder: string;
let dataDir: string;
const running: PostgresServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-postgres-'));
  chmodSync(folder, 0o711);
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  removePostgresData(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: { durable?: boolean; port?: number } = {}): Promise<PostgresServer> {
  const server = await startPostgres({
    dataDir,
    port: options.port ?? (await findFreePort()),
    durable: options.durable ?? false,
  });
  running.push(server);
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  while (isProcessAlive(pid)) await delay(20);
}

test('a new server is PostgreSQL 18 in UTC, with UTF-8 and lower and upper case beyond ASCII', async () => {
  const { url } = await start();
  const settings = `select current_setting('server_version_num')::int / 10000 as major, current_setting('timezone') as timezone,
    current_setting('server_encoding') as encoding, upper('é') as upper, current_database() as database`;
  expect(await query(url, settings)).toEqual([
    { major: 18, timezone: 'UTC', encoding: 'UTF8', upper: 'É', database: 'switchyard' },
  ]);
});

test('a wrong password is refused', async () => {
  const { url } = await start();
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('what was committed is there after a clean stop', async () => {
  const first = await start({ durable: true });
  await query(first.url, 'create table kept as select 7 as n');
  await first.stop();
  const second = await start({ durable: true });
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('what was committed is there after kill -9', async () => {
  const first = await start({ durable: true });
  await query(first.url, 'create table kept as select 7 as n');
  process.kill(first.pid, 'SIGKILL');
  await waitUntilGone(first.pid);
  expect(existsSync(join(dataDir, 'postmaster.pid'))).toBe(true);
  const second = await start({ durable: true });
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('a second server on the same data is refused in one line that names the first', async () => {
  const { url, pid } = await start();
  await expect(start()).rejects.toThrow(new RegExp(`^PostgreSQL already runs on ${dataDir} \\(process ${pid}\\).*$`));
  expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }]);
});

test('a pid file whose number now belongs to another program does not stop the start', async () => {
  await (await start()).stop();
  writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`);
  const { url } = await start();
  expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }]);
});

test('data whose making was cut short is made again', async () => {
  mkdirSync(`${dataDir}.unfinished`);
  writeFileSync(join(`${dataDir}.unfinished`, 'PG_VERSION'), '18\n');
  const { url } = await start();
  expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }]);
  expect(existsSync(`${dataDir}.unfinished`)).toBe(false);
});

test('a taken port is refused with the name of the part', async () => {
  const { port } = await start();
  const other = { dataDir: join(folder, 'other'), port, durable: false };
  await expect(startPostgres(other)).rejects.toThrow(`Port ${port} (postgres) is taken by another program`);
});

test('a start that fails shows the end of its log', async () => {
  await (await start()).stop();
  rmSync(join(dataDir, 'global', 'pg_control'));
  await expect(start()).rejects.toThrow(/did not start[\s\S]*data\.log ends with:[\s\S]*pg_control/);
});

test('data of another major version is refused, and the line says what to do', async () => {
  await (await start()).stop();
  writeFileSync(join(dataDir, 'PG_VERSION'), '17\n');
  await expect(start()).rejects.toThrow(/was made by PostgreSQL 17, this is 18: npm run reset/);
});

test('the server stops by itself when the process that started it is killed', async () => {
  const options = { dataDir, port: await findFreePort(), durable: false };
  const code = `const { startPostgres } = await import(${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)});
    console.log((await startPostgres(${JSON.stringify(options)})).pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => {
    createInterface(parent.stdout).once('line', (line) => resolve(Number(line)));
  });
  expect(isProcessAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await waitUntilGone(pid);
  expect(readFileSync(`${dataDir}.log`, 'utf8')).toContain('database system is shut down');
});

test.runIf(isRoot)(
  'as root, data asked for where the server may not go lies elsewhere, is found again and can be removed',
  async () => {
    chmodSync(folder, 0o700);
    const first = await start();
    await query(first.url, 'create table kept as select 7 as n');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
    await second.stop();

    const place = readFileSync(`${dataDir}.location`, 'utf8').trim();
    expect(existsSync(join(place, 'PG_VERSION'))).toBe(true);
    removePostgresData(dataDir);
    expect(existsSync(place)).toBe(false);
    expect(existsSync(`${dataDir}.location`)).toBe(false);
  },
);
