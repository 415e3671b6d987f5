import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import type { AppDeps } from '../deps.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { listInstalledLocations } from './calls/company.ts';
import { getLocation } from './calls/locations.ts';
import type { Highlevel } from './highlevel.ts';
import { createTokenCipher } from './token-cipher.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
});

beforeEach(async () => {
  await redis.redis.flushdb();
  await database.pool.query('delete from highlevel_connections');
  test = await createTestHighlevel({ database, redis: redis.redis });
});

afterEach(() => test.stop());

afterAll(async () => {
  await redis.stop();
  await database.drop();
});

async function countCalls(route: string): Promise<number> {
  const { byRoute } = (await test.sandbox.admin('GET', 'requests/summary')) as { byRoute: Record<string, number> };
  return byRoute[route] ?? 0;
}

async function readRow(): Promise<Record<string, unknown>> {
  const { rows } = await database.pool.query<Record<string, unknown>>('select * from highlevel_connections');
  return rows[0] ?? {};
}

/** By our own clock and by HighLevel's. */
async function expire(): Promise<void> {
  await test.sandbox.admin('POST', 'tokens/expire', {});
  await database.pool.query(`update highlevel_connections set access_expires_at = now() - interval '1 second'`);
}

async function askAsApp(highlevel: Highlevel) {
  return listInstalledLocations(highlevel.callerFor({ share: 'interactive', row: 'test' }), { limit: 1 });
}

describe('the app’s token', () => {
  it('is refreshed once for fifty calls at once, from five isolates', async () => {
    await expire();
    const others = await Promise.all([1, 2, 3, 4].map(() => test.startAnother()));
    const isolates = [test.highlevel, ...others.map(({ highlevel }) => highlevel)];
    const calls = Array.from({ length: 50 }, (_, number) => askAsApp(isolates[number % 5] ?? test.highlevel));
    expect((await Promise.all(calls)).filter(({ ok }) => !ok)).toEqual([]);
    expect(await countCalls('POST /oauth/token')).toBe(2); // The other one is the connection itself.
    expect(await readRow()).toMatchObject({ status: 'connected', refresh_sent_at: null, refresh_lease: null });
  });

  it('that HighLevel refuses before its time is replaced, and the call is done', async () => {
    expect(await askAsApp(test.highlevel)).toMatchObject({ ok: true });
    await test.sandbox.admin('POST', 'tokens/expire', {});
    expect(await askAsApp(test.highlevel)).toMatchObject({ ok: true });
  });

  it('is refreshed ahead of need, and left alone while it is good', async () => {
    await test.highlevel.appTokens.keepFresh();
    expect(await countCalls('POST /oauth/token')).toBe(1);
    await database.pool.query(`update highlevel_connections set access_expires_at = now() + interval '10 minutes'`);
    await test.highlevel.appTokens.keepFresh();
    expect(await countCalls('POST /oauth/token')).toBe(2);
  });

  it('is stored sealed, under the connection’s own name and no other', async () => {
    const row = await readRow();
    expect(row['access_token']).toMatch(/^v1\./);
    const cipher = createTokenCipher(test.config.tokenKey);
    const sealed = await cipher.seal('a token', 'app access c1');
    expect(await cipher.open(sealed, 'app access c1')).toBe('a token');
    expect(await cipher.open(sealed, 'app access c2')).toBeNull();
    expect(await createTokenCipher('another key, which is long enough too').open(sealed, 'app access c1')).toBeNull();
    expect(await cipher.seal('a token', 'app access c1')).not.toBe(sealed);
    for (const text of ['', 'v1.x.y', 'v2.AAAA.AAAA', 'v1.AAAA']) expect(await cipher.open(text, '')).toBeNull();
  });

  it('that cannot be opened, because the key was changed, is good again when the key is back', async () => {
    const before = await readRow();
    const tokenKey = 'deployed by mistake, and long enough';
    const { highlevel: other } = await test.startAnother({ highlevel: { ...test.config, tokenKey } });
    const refused = { error: { kind: 'not_connected', reason: 'wrong_token_key' } };
    expect(await askAsApp(other)).toMatchObject(refused);
    await database.pool.query(`update highlevel_connections set access_expires_at = now() - interval '1 second'`);
    expect(await askAsApp(other)).toMatchObject(refused);
    expect(await readRow()).toMatchObject({ status: 'connected', version: before['version'], refresh_sent_at: null });
    expect(await askAsApp(test.highlevel)).toMatchObject({ ok: true });
  });

  it('is not there before anybody connected, and the call says so without being sent', async () => {
    await database.pool.query('delete from highlevel_connections');
    expect(await askAsApp(test.highlevel)).toEqual({
      ok: false,
      error: { kind: 'not_connected', endpoint: 'listInstalledLocations', reason: 'not_connected' },
    });
  });
});

describe('a Worker that dies between the answer of a refresh and storing it', () => {
  /** HighLevel's answer arrives, and nothing is ever done with it. */
  async function dieInRefresh(): Promise<void> {
    let reached: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const fetchAndDie: AppDeps['fetch'] = async (url, init) => {
      const response = await fetch(url, init);
      if (!url.endsWith('/oauth/token')) return response;
      reached();
      return new Promise(() => undefined);
    };
    const { highlevel } = await test.startAnother({ fetch: fetchAndDie });
    void askAsApp(highlevel);
    await answered;
    // Its lease ends by itself ten seconds later.
    await database.pool.query(`update highlevel_connections set refresh_lease_until = now() - interval '1 second'`);
  }

  it('costs nothing within HighLevel’s 30 s: the next one sends the old token again and gets the same', async () => {
    await expire();
    await dieInRefresh();
    expect(await readRow()).toMatchObject({ version: '1', refresh_sent_at: expect.any(Date) });
    expect(await askAsApp(test.highlevel)).toMatchObject({ ok: true });
    expect(await readRow()).toMatchObject({ status: 'connected', version: '2', refresh_sent_at: null });
  });

  it('is taken up by the minute’s Cron where nobody calls', async () => {
    await expire();
    await dieInRefresh();
    await test.highlevel.appTokens.keepFresh();
    expect(await readRow()).toMatchObject({ status: 'connected', version: '2' });
  });

  it('after those 30 s ends in a status that says so, and in no loop', async () => {
    await test.sandbox.admin('PATCH', 'settings', { tokens: { refreshGraceMs: 0 } });
    await expire();
    await dieInRefresh();
    expect(await askAsApp(test.highlevel)).toEqual({
      ok: false,
      error: { kind: 'not_connected', endpoint: 'listInstalledLocations', reason: 'reconnect_needed' },
    });
    expect(await readRow()).toMatchObject({ status: 'reconnect_needed', status_reason: 'refresh_answer_lost' });
    const asked = await countCalls('POST /oauth/token');
    await askAsApp(test.highlevel);
    expect(await countCalls('POST /oauth/token')).toBe(asked);
    await test.connect();
    expect(await askAsApp(test.highlevel)).toMatchObject({ ok: true });
  });
});

describe('a refresh', () => {
  it('of which no answer came is sent again until one does', async () => {
    await expire();
    for (const kind of ['reset-after', 'reset-before']) {
      await test.sandbox.admin('POST', 'faults', { route: 'POST /oauth/token', kind });
    }
    await test.sandbox.admin('POST', 'faults', { route: 'POST /oauth/token', kind: 'status', status: 502 });
    expect(await askAsApp(test.highlevel)).toMatchObject({ ok: true });
    expect(await readRow()).toMatchObject({ status: 'connected', version: '2' });
  });

  it('that was refused because our own secret is wrong asks nobody to connect again', async () => {
    await expire();
    const wrong = { ...test.config, clientSecret: 'not the secret' };
    const { highlevel } = await test.startAnother({ highlevel: wrong });
    expect(await askAsApp(highlevel)).toMatchObject({ error: { kind: 'unauthorized', endpoint: 'getToken' } });
    expect(await readRow()).toMatchObject({ status: 'connected' });
  });

  const oauthError = { error: 'invalid_client', error_description: 'It failed' };
  it.each([
    ['no client, by an OAuth error’s code', Response.json(oauthError, { status: 401 }), 'connected'],
    ['a gateway’s page', new Response('<html>blocked</html>', { status: 403 }), 'connected'],
    ['an address that is not there', Response.json({ message: 'Not Found' }, { status: 404 }), 'connected'],
    ['a token that is not found', Response.json({ message: 'Token not found' }, { status: 400 }), 'reconnect_needed'],
    ['an invalid grant', Response.json({ error: 'invalid_grant' }, { status: 400 }), 'reconnect_needed'],
  ])('that is answered with %s leaves the connection as it should be', async (_name, answer, status) => {
    await expire();
    const refuse: AppDeps['fetch'] = (url, init) =>
      url.endsWith('/oauth/token') ? Promise.resolve(answer.clone()) : fetch(url, init);
    const { highlevel } = await test.startAnother({ fetch: refuse });
    expect(await askAsApp(highlevel)).toMatchObject({ ok: false });
    expect(await readRow()).toMatchObject({ status });
  });
});

describe('a sub-account’s token', () => {
  const read = (highlevel: Highlevel) => {
    const ghlLocationId = test.sandbox.brandIds.template;
    const caller = highlevel.callerFor({ share: 'interactive', row: 'test' });
    return getLocation(caller, { ghlLocationId, spentFrom: { ghlLocationId } });
  };

  it('is exchanged once for many calls and isolates, and kept sealed in Redis under its life', async () => {
    const calls = await Promise.all(Array.from({ length: 10 }, () => read(test.highlevel)));
    expect(calls.filter(({ ok }) => !ok)).toEqual([]);
    const { highlevel } = await test.startAnother();
    expect(await read(highlevel)).toMatchObject({ ok: true });
    expect(await countCalls('POST /oauth/locationToken')).toBe(1);
    const key = `highlevel:v1:token:${test.sandbox.brandIds.template}`;
    expect(await redis.redis.get<string>(key)).toMatch(/^v1\./);
    const livesMs = await redis.redis.pttl(key);
    expect(livesMs).toBeGreaterThan(0);
    expect(livesMs).toBeLessThan(86_399_000);
  });

  it('that is refused is exchanged again, once', async () => {
    await read(test.highlevel);
    await test.sandbox.admin('POST', 'tokens/expire', { locationId: test.sandbox.brandIds.template });
    expect(await read(test.highlevel)).toMatchObject({ ok: true });
    expect(await countCalls('POST /oauth/locationToken')).toBe(2);
    await test.sandbox.admin('POST', 'faults', {
      route: 'GET /locations/{locationId}',
      kind: 'status',
      status: 401,
      count: 2,
    });
    expect(await read(test.highlevel)).toMatchObject({ error: { kind: 'unauthorized', endpoint: 'getLocation' } });
    expect(await countCalls('POST /oauth/locationToken')).toBe(3);
  });

  it('is had without Redis too', async () => {
    const away = () => Promise.reject(new TypeError('fetch failed'));
    const { highlevel } = await test.startAnother({
      redis: { ...test.router.deps.redis, get: away, set: away, eval: away, evalsha: away },
    });
    expect(await read(highlevel)).toMatchObject({ ok: true });
  });

  it('is not had where the app is not installed, and the error names the exchange', async () => {
    await test.sandbox.admin('PATCH', 'settings', { app: { installToFutureLocations: false } });
    const ghlLocationId = await test.sandbox.createLocation();
    const found = await getLocation(test.callerFor(), { ghlLocationId, spentFrom: { ghlLocationId } });
    expect(found).toMatchObject({ error: { kind: 'invalid', endpoint: 'getLocationToken' } });
  });
});
