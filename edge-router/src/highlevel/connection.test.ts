import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { createTestRouter } from '../testing/test-router.ts';
import { checkBulkRun } from './check-bulk-run.ts';
import type { HighlevelStatus } from './read-status.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis });
});

beforeEach(async () => {
  await database.pool.query('delete from highlevel_connections');
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

async function begin(): Promise<string> {
  const started = await test.router.send('POST', '/v1/highlevel/connect');
  expect(started.status).toBe(201);
  return ((await started.json()) as { authorizeUrl: string }).authorizeUrl;
}

/** The admin says yes on HighLevel's page; answers the path that the browser is sent to. */
async function approve(authorizeUrl: string, future = true): Promise<string> {
  const body = new URLSearchParams(future ? { future: 'yes' } : {});
  const approved = await fetch(authorizeUrl, { method: 'POST', body, redirect: 'manual' });
  const target = new URL(approved.headers.get('location') ?? '');
  expect(target.href.startsWith('https://router.test/v1/oauth/callback?')).toBe(true);
  return `${target.pathname}${target.search}`;
}

const comeBack = (path: string): Promise<Response> => test.router.send('GET', path, { apiKey: null });

async function readStatus(): Promise<HighlevelStatus> {
  const response = await test.router.send('GET', '/v1/highlevel/status');
  expect(response.status).toBe(200);
  return (await response.json()) as HighlevelStatus;
}

describe('connecting the app', () => {
  it('takes an admin to HighLevel and back, and then all is told and a bulk run allowed', async () => {
    const finished = await comeBack(await approve(await begin()));
    expect([finished.status, await finished.text()]).toEqual([200, expect.stringContaining('connected to the agency')]);
    const status = await readStatus();
    expect(status).toMatchObject({
      connection: 'connected',
      reason: null,
      company: { id: test.config.companyId },
      plan: 'agency_monthly_497',
      scopes: { missing: [] },
      installToFutureLocations: true,
      snapshots: [{ id: test.sandbox.brandIds.snapshot }],
      failures: {},
      bulkRun: { allowed: true, refusals: [] },
    });
    expect(await checkBulkRun(test.router.deps, test.highlevel)).toEqual({ ok: true, value: null });
  });

  it('works once for each beginning', async () => {
    const path = await approve(await begin());
    expect((await comeBack(path)).status).toBe(200);
    const again = await comeBack(path);
    expect([again.status, await again.json()]).toEqual([
      422,
      expect.objectContaining({ errors: [expect.objectContaining({ field: 'state', code: 'invalid_state' })] }),
    ]);
  });

  it.each([
    ['that nobody here began', (path: string) => path.replace(/state=[^&]+/, `state=${'a'.repeat(120)}`)],
    ['whose state was changed', (path: string) => path.replace(/(state=..)./, '$1~')],
    ['without a state', (path: string) => path.replace(/&state=[^&]+/, '')],
  ])('is refused for a return %s, and stores nothing', async (_name, change) => {
    expect((await comeBack(change(await approve(await begin())))).status).toBe(422);
    expect((await database.pool.query('select 1 from highlevel_connections')).rows).toEqual([]);
  });

  it('is refused after ten minutes, and with a code that HighLevel does not know', async () => {
    const path = await approve(await begin());
    await database.pool.query(`update highlevel_oauth_states set expires_at = now() - interval '1 second'`);
    expect((await comeBack(path)).status).toBe(422);
    const other = await approve(await begin());
    const wrong = await comeBack(other.replace(/code=[^&]+/, 'code=nonsense'));
    expect([wrong.status, await wrong.json()]).toEqual([502, expect.objectContaining({ code: 'upstream_failed' })]);
  });
});

describe('a bulk run', () => {
  it('is refused while new sub-accounts do not get the app by themselves, in words an admin can act on', async () => {
    await comeBack(await approve(await begin(), false));
    const { bulkRun } = await readStatus();
    expect(bulkRun).toMatchObject({ allowed: false, refusals: [{ code: 'not_installed_in_future_locations' }] });
    const refused = await checkBulkRun(test.router.deps, test.highlevel);
    expect(refused).toMatchObject({
      ok: false,
      error: { kind: 'conflict', detail: expect.stringContaining('choose all sub-accounts and future ones') },
    });
  });

  it('is refused on a plan that makes no sub-accounts by API', async () => {
    await test.sandbox.admin('PATCH', 'settings', { company: { plan: 'agency_monthly_297' } });
    await comeBack(await approve(await begin()));
    expect((await readStatus()).bulkRun).toMatchObject({ refusals: [{ code: 'plan_without_api_creation' }] });
    await test.sandbox.admin('PATCH', 'settings', { company: { plan: 'agency_monthly_497' } });
  });

  it('is refused while nobody has connected, and where HighLevel is not configured', async () => {
    expect(await readStatus()).toMatchObject({
      connection: 'not_connected',
      bulkRun: { allowed: false, refusals: [{ code: 'not_connected' }] },
    });
    const without = await createTestRouter({ database });
    const response = await without.send('GET', '/v1/highlevel/status');
    expect(await response.json()).toMatchObject({ connection: 'not_configured', bulkRun: { allowed: false } });
    expect((await without.send('POST', '/v1/highlevel/connect')).status).toBe(409);
  });

  it('is refused with the agency’s token revoked, and the status still answers', async () => {
    await comeBack(await approve(await begin()));
    const { router } = await test.startAnother({
      highlevel: { ...test.config, agencyToken: 'pit-revoked-a-while-ago' },
    });
    const status = (await (await router.send('GET', '/v1/highlevel/status')).json()) as HighlevelStatus;
    expect(status).toMatchObject({
      connection: 'connected',
      company: null,
      failures: { company: { kind: 'unauthorized', status: 401 } },
      bulkRun: { refusals: [{ code: 'agency_token_refused' }] },
    });
  });
});

it('no token, code or secret has reached a log or an answer', async () => {
  await comeBack(await approve(await begin()));
  const status = JSON.stringify(await readStatus());
  const logged = test.router.logged.join('\n');
  const { rows } = await database.pool.query<{ access_token: string; refresh_token: string }>(
    'select access_token, refresh_token from highlevel_connections',
  );
  const open = async (sealed: string, kind: string) =>
    test.highlevel.cipher.open(sealed, `app ${kind} ${test.config.companyId}`);
  const tokens = [
    await open(rows[0]?.access_token ?? '', 'access'),
    await open(rows[0]?.refresh_token ?? '', 'refresh'),
  ];
  for (const secret of [...tokens, test.config.agencyToken, test.config.clientSecret, test.config.tokenKey]) {
    expect(secret).toBeTruthy();
    expect(logged).not.toContain(secret);
    expect(status).not.toContain(secret);
  }
});
