import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startReceiver, type Receiver } from '../qstash/testing/receiver.ts';
import { brandIds } from './admin/brand.ts';
import { AGENCY_TOKEN, spawnSandbox, startSandboxProcess } from './testing/sandbox-process.ts';

const CREATES = 300;

let folder: string;
let file: string;
let files = 0;
let receiver: Receiver;
let running: { kill: () => Promise<void> }[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'highlevel-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  file = join(folder, `${++files}.sqlite`);
  receiver = await startReceiver();
});
afterEach(async () => {
  for (const one of running) await one.kill();
  running = [];
  await receiver.stop();
});

async function start() {
  const settings = {
    timeScale: 1000,
    rateLimits: { enabled: false },
    app: { webhookUrl: receiver.url, installDelayMs: 0 },
  };
  const sandbox = await startSandboxProcess({ file, settings });
  running.push(sandbox);
  return sandbox;
}

async function create(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}/locations/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENCY_TOKEN}`, version: '2021-07-28', 'content-type': 'application/json' },
    body: JSON.stringify({ name, companyId: brandIds.company }),
  });
  return ((await response.json()) as { id: string }).id;
}

async function readExport(url: string) {
  const answer = await fetch(`${url}/__sandbox/export`);
  return (await answer.json()) as Record<string, { id: string }[]>;
}

describe('after kill -9 and a restart', { timeout: 60_000 }, () => {
  it('every answered sub-account is there, and each webhook of it is delivered', async () => {
    const first = await start();
    const answered: string[] = [];
    const creating = Array.from({ length: CREATES }, async (_, n) => {
      answered.push(await create(first.url, `Location ${n}`));
      if (answered.length === CREATES / 2) void first.kill();
    });
    await Promise.allSettled(creating);
    expect(answered.length).toBeGreaterThanOrEqual(CREATES / 2);

    const second = await start();
    const kept = (await readExport(second.url))['locations']?.map(({ id }) => id);
    expect(kept).toEqual(expect.arrayContaining(answered));
    await vi.waitFor(
      () => {
        const told = new Set(
          receiver.deliveries.map(({ body }) => (JSON.parse(body) as { locationId?: string }).locationId),
        );
        expect(answered.filter((id) => !told.has(id))).toEqual([]);
      },
      { timeout: 30_000 },
    );
  });

  it('settings, faults, tokens and the request log are there', async () => {
    const first = await start();
    const post = (path: string, body: unknown, method = 'POST') =>
      fetch(`${first.url}/__sandbox/${path}`, { method, body: JSON.stringify(body) });
    await post('settings', { company: { plan: 'kept' } }, 'PATCH');
    await post('faults', { route: '*', kind: 'status', status: 502 });
    const { token } = (await (await post('tokens', { locationId: brandIds.template })).json()) as { token: string };
    await create(first.url, 'one');
    await first.kill();

    const { url } = await start();
    const read = async (path: string) => (await fetch(`${url}/__sandbox/${path}`)).json();
    expect(await read('settings')).toMatchObject({ company: { plan: 'kept' } });
    expect(await read('requests')).toMatchObject([{ route: 'POST /locations/', status: 502, fault: 'status' }]);
    const headers = { authorization: `Bearer ${token}`, version: '2021-07-28' };
    expect((await fetch(`${url}/locations/${brandIds.template}`, { headers })).status).toBe(200);
  });
});

it('changed settings stay, and follow what a later start is told otherwise', { timeout: 60_000 }, async () => {
  const first = await startSandboxProcess({ file, settings: { timeScale: 60, company: { plan: 'first' } } });
  await fetch(`${first.url}/__sandbox/settings`, { method: 'PATCH', body: JSON.stringify({ timeScale: 7 }) });
  await first.kill();
  const second = await startSandboxProcess({ file, settings: { timeScale: 60, company: { plan: 'first' } } });
  const kept = await (await fetch(`${second.url}/__sandbox/settings`)).json();
  await second.kill();
  const third = await startSandboxProcess({ file, settings: { company: { plan: 'second' } } });
  const followed = await (await fetch(`${third.url}/__sandbox/settings`)).json();
  await third.kill();
  expect([kept, followed]).toMatchObject([
    { timeScale: 7, company: { plan: 'first' } },
    { timeScale: 7, company: { plan: 'second' } },
  ]);
});

describe('a start that cannot be', { timeout: 60_000 }, () => {
  it('names the file that another sandbox has', async () => {
    await start();
    const second = spawnSandbox({ file });
    expect(await text(second.stderr)).toMatch(/^cannot open the HighLevel sandbox's file .*locked\n$/);
  });

  it('names what is wrong with the settings', async () => {
    const child = spawnSandbox({ file, settings: { timescale: 60 } });
    expect(await text(child.stderr)).toBe('HighLevel sandbox: settings: property timescale should not exist\n');
  });

  it('names what is missing in the environment', async () => {
    const child = spawnSandbox({ file, env: { AGENCY_TOKEN: '', SETTINGS: 'no JSON' } });
    expect(await text(child.stderr)).toBe(
      'HighLevel sandbox: missing or invalid environment: AGENCY_TOKEN, SETTINGS\n',
    );
  });
});
