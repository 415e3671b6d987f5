// HighLevel by the bundle as it is deployed, under workerd: its WebCrypto, its isolates that die, its requests that end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  AGENCY_TOKEN,
  client,
  startTestSandbox,
  type TestSandbox,
} from '../../../local/highlevel/testing/test-sandbox.ts';
import { startQstash } from '../../../local/qstash/server.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { buildWorker } from '../../../local/workerd.ts';
import { otterbrookSettings, sheetRow } from '../onboarding/testing/otterbrook.ts';
import { endLeases, settleEffects } from '../onboarding/testing/pass-time.ts';
import { createRunClient } from '../onboarding/testing/run-client.ts';
import { startTestWorker, TEST_QSTASH_SECRETS, type TestWorker } from '../testing/test-worker.ts';
import type { HighlevelStatus } from './read-status.ts';
import { createTokenCipher } from './token-cipher.ts';

const TOKEN_KEY = 'a key for sealing tokens under workerd, long enough';
/** Ends what hangs, on a busy machine too. */
const PATIENCE = { timeout: 30_000 };
const folder = mkdtempSync(join(tmpdir(), 'switchyard-highlevel-'));
let database: TestDatabase;
let redis: TestRedis;
let qstash: Awaited<ReturnType<typeof startQstash>>;
let sandbox: TestSandbox;
let worker: TestWorker;

beforeAll(async () => {
  const file = join(folder, 'qstash.sqlite');
  [database, redis, sandbox, qstash] = await Promise.all([
    createTestDatabase(),
    createTestRedis(),
    startTestSandbox(),
    startQstash({ port: 0, file, timeScale: 100, ...TEST_QSTASH_SECRETS }),
    buildWorker({ outDir: folder }),
  ]);
  worker = await startTestWorker({
    bundleDir: folder,
    database,
    redis,
    qstashUrl: qstash.url,
    bindings: {
      HIGHLEVEL_BASE_URL: sandbox.url,
      HIGHLEVEL_AUTHORIZE_URL: `${sandbox.url}/v2/oauth/chooselocation`,
      HIGHLEVEL_COMPANY_ID: sandbox.brandIds.company,
      HIGHLEVEL_APP_ID: sandbox.app.id,
      HIGHLEVEL_CLIENT_ID: client.client_id,
      HIGHLEVEL_CLIENT_SECRET: client.client_secret,
      HIGHLEVEL_AGENCY_TOKEN: AGENCY_TOKEN,
      HIGHLEVEL_TOKEN_KEY: TOKEN_KEY,
      HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: sandbox.webhookPublicKey,
      ONBOARDING_TIME_SCALE: '1000',
    },
  });
});

beforeEach(async () => {
  await sandbox.admin('DELETE', 'faults');
  await sandbox.admin('PATCH', 'settings', { tokens: { refreshGraceMs: 30_000 }, app: { webhookUrl: null } });
  await connect();
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([qstash.stop(), sandbox.stop(), redis.stop()]);
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** As an admin would. */
async function connect(): Promise<void> {
  const started = (await (await worker.send('POST', '/v1/highlevel/connect')).json()) as { authorizeUrl: string };
  const body = new URLSearchParams({ future: 'yes' });
  const approved = await fetch(started.authorizeUrl, { method: 'POST', body, redirect: 'manual' });
  const finished = await fetch(approved.headers.get('location') ?? '');
  expect([finished.status, await finished.text()]).toEqual([200, expect.stringContaining('connected to the agency')]);
}

async function readStatus(): Promise<HighlevelStatus> {
  return (await (await worker.send('GET', '/v1/highlevel/status')).json()) as HighlevelStatus;
}

async function readConnection(): Promise<Record<string, string>> {
  const { rows } = await database.pool.query<Record<string, string>>('select * from highlevel_connections');
  return rows[0] ?? {};
}

async function countRefreshes(): Promise<number> {
  const { byRoute } = (await sandbox.admin('GET', 'requests/summary')) as { byRoute: Record<string, number> };
  return byRoute['POST /oauth/token'] ?? 0;
}

describe('the tokens', () => {
  it('are sealed as any other holder of the key opens them, and opened by the next isolate', async () => {
    const { access_token: sealed = '', version } = await readConnection();
    const { company } = sandbox.brandIds;
    expect(await createTokenCipher(TOKEN_KEY).open(sealed, `app access ${company}`)).toMatch(/^sandbox-access-/);
    await worker.kill();
    await worker.start();
    expect(await readStatus()).toMatchObject({ connection: 'connected', failures: {}, bulkRun: { allowed: true } });
    expect(await readConnection()).toMatchObject({ version });
  });
});

describe('a Worker killed after HighLevel answered its refresh and before it stored what came', () => {
  /** HighLevel takes the refresh token, and its answer is under way when the Worker is killed. */
  async function dieInRefresh(): Promise<void> {
    await sandbox.admin('POST', 'tokens/expire', {});
    await database.pool.query(`update highlevel_connections set access_expires_at = now() - interval '1 second'`);
    await sandbox.admin('POST', 'faults', { route: 'POST /oauth/token', kind: 'hang-after' });
    const before = await countRefreshes();
    const asked = readStatus().catch(() => 'cut off');
    await expect.poll(countRefreshes, PATIENCE).toBe(before + 1);
    await worker.kill();
    expect(await asked).toBe('cut off');
    await worker.start();
  }

  it('has the next one send the same token again, within HighLevel’s 30 s', async () => {
    const { version } = await readConnection();
    await dieInRefresh();
    expect(await readConnection()).toMatchObject({ version, refresh_sent_at: expect.any(Date) });
    expect(await readStatus()).toMatchObject({ connection: 'connected', failures: {} });
    const after = await readConnection();
    expect(after).toMatchObject({ version: String(Number(version) + 1), refresh_sent_at: null, refresh_lease: null });
  });

  it('leaves a status that says what to do, once those 30 s are over', async () => {
    await sandbox.admin('PATCH', 'settings', { tokens: { refreshGraceMs: 0 } });
    await dieInRefresh();
    await database.pool.query(`update highlevel_connections set refresh_lease_until = now() - interval '1 second'`);
    const status = await readStatus();
    expect(status).toMatchObject({
      connection: 'reconnect_needed',
      reason: 'refresh_answer_lost',
      failures: { installation: { kind: 'not_connected' } },
      bulkRun: {
        allowed: false,
        refusals: [{ code: 'reconnect_needed', message: expect.stringContaining('connect') }],
      },
    });
    await connect();
    expect(await readStatus()).toMatchObject({ connection: 'connected', failures: {} });
  });
});

describe('a Worker killed after HighLevel made a sub-account and before it was told so', () => {
  it('has the next one find that sub-account, and make no other', async () => {
    const runs = createRunClient(worker);
    expect(await runs.put('/v1/onboarding/settings', otterbrookSettings(sandbox))).toMatchObject({ status: 200 });
    const { runId, rowKey } = (await runs.open({ batch: 'killed', row: sheetRow() })).json;
    const record = await runs.finishStep(runId, 'create-record');
    await sandbox.admin('POST', 'faults', { route: 'POST /locations/', kind: 'hang-after' });
    const findMade = async (): Promise<string[]> => {
      const { locations } = (await sandbox.admin('GET', 'export')) as { locations: { id: string; email?: string }[] };
      const marker = `+${String(record.json.locationId).replaceAll('-', '')}.`;
      return locations.filter(({ email }) => email?.includes(marker)).map(({ id }) => id);
    };
    const asked = runs.step(runId, 'create-sub-account').catch(() => 'cut off');
    await expect.poll(findMade, PATIENCE).toHaveLength(1);
    await worker.kill();
    expect(await asked).toBe('cut off');
    await worker.start();
    await endLeases(database, rowKey);
    await settleEffects(database, rowKey);
    const finished = await runs.finishStep(runId, 'create-sub-account');
    const made = await findMade();
    expect([finished.status, made.length]).toEqual([200, 1]);
    expect(JSON.stringify(finished.json)).toContain(made[0]);
  });
});

describe('webhooks', () => {
  const post = (body: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`${worker.url}/v1/webhooks/highlevel`, { method: 'POST', body, headers });

  it('of HighLevel are taken and handled through QStash; the same unsigned or with a forged signature is refused', async () => {
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: `${worker.url}/v1/webhooks/highlevel` } });
    const locationId = await sandbox.createLocation();
    const findHandled = async () => {
      const sql = `select handled_as, installed from webhook_events join highlevel_installations using (ghl_location_id)
        where ghl_location_id = $1`;
      return (await database.pool.query<{ handled_as: string | null; installed: boolean }>(sql, [locationId])).rows;
    };
    await expect.poll(findHandled, PATIENCE).toEqual([{ handled_as: 'installed', installed: true }]);
    const { webhooks } = (await sandbox.admin('GET', 'webhooks')) as { webhooks: { body: string }[] };
    const { body = '' } = webhooks.find((webhook) => webhook.body.includes(locationId)) ?? {};
    const forged = 'A'.repeat(86) + '==';
    for (const headers of [{}, { 'x-ghl-signature': 'N/A' }, { 'x-ghl-signature': forged }]) {
      const refused = await post(body, headers);
      expect([refused.status, await refused.json()]).toEqual([
        401,
        expect.objectContaining({ code: 'invalid_signature' }),
      ]);
    }
    expect(await findHandled()).toHaveLength(1);
  });
});

describe('requests of one isolate that wait for their turn', () => {
  it('get it, though some of their callers go away', async () => {
    await sandbox.admin('PATCH', 'settings', { rateLimits: { burst: 8, intervalMs: 1000 } });
    // Nothing is spent yet, here and there.
    await Promise.all([redis.redis.flushdb(), sandbox.admin('DELETE', 'requests')]);
    await readStatus();
    const leave = () => worker.send('GET', '/v1/highlevel/status', { signal: AbortSignal.timeout(300) });
    const left = Array.from({ length: 6 }, () => leave().catch(() => 'left'));
    expect(await Promise.all(left)).toContain('left');
    expect(await readStatus()).toMatchObject({ failures: {} });
    await sandbox.admin('PATCH', 'settings', { rateLimits: { burst: 100, intervalMs: 10_000 } });
  });
});
