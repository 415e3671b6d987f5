import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAppInstalled } from '../../../db/queries/is-app-installed.ts';
import { isWebhookSeen } from '../../../db/queries/is-webhook-seen.ts';
import { createDatabase } from '../../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createApp } from '../app.ts';
import { describeOfflineHighlevel } from '../testing/offline-highlevel.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import type { SendOptions } from '../testing/build-init.ts';
import { handleWebhooks } from './handle-webhooks.ts';
import { persistEvent } from './persist-event.ts';
import { PROBE_TAG } from '../onboarding/rules/probe.ts';

const [current, next, other] = [1, 2, 3].map(() => generateKeyPairSync('ed25519'));
const config = describeOfflineHighlevel(
  [current, next].map((pair) => pair?.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') ?? ''),
);
const PATH = '/v1/webhooks/highlevel';
const ignore = (): Promise<null> => Promise.resolve(null);
const ignoreAll = (events: readonly unknown[]): Promise<null[]> => Promise.resolve(events.map(() => null));

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database, highlevel: config });
});

beforeEach(async () => {
  await database.pool.query(
    'truncate webhook_events, webhook_counts, highlevel_installations, highlevel_connections, outbox',
  );
  await database.pool.query(
    `insert into highlevel_installations values ('sub-1', 'company-1', true, '2020-01-01', 'earlier')`,
  );
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

let webhooks = 0;

function makeContact(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const webhookId = `wh-${webhooks++}`;
  return {
    type: 'ContactCreate',
    appId: 'app-1',
    locationId: 'sub-1',
    id: 'contact-1',
    tags: [],
    webhookId,
    ...fields,
  };
}

function post(
  body: unknown,
  { key = current, headers }: { key?: typeof current | undefined; headers?: SendOptions['headers'] } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = key ? sign(null, Buffer.from(text), key.privateKey).toString('base64') : '';
  return router.send('POST', PATH, { body: text, apiKey: null, headers: headers ?? { 'x-ghl-signature': signature } });
}

async function countRows(table: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(`select count(*)::int from ${table}`);
  return rows[0]?.count ?? -1;
}

async function outcomeOf(response: Response): Promise<unknown> {
  return [response.status, await response.json()];
}

/** Of the app coming into a sub-account. */
const install = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'INSTALL',
  appId: 'app-1',
  companyId: 'company-1',
  locationId: 'sub-3',
  webhookId: `wh-${webhooks++}`,
  ...fields,
});

describe('a webhook', () => {
  it('is stored once with its outbox row, however often and at once it comes, under any of the keys', async () => {
    const event = install();
    const answers = await Promise.all(
      [current, next, current, next].map(async (key) => (await post(event, { key })).json()),
    );
    expect(answers.filter((answer) => (answer as { outcome: string }).outcome === 'accepted')).toHaveLength(1);
    expect(answers.filter((answer) => (answer as { outcome: string }).outcome === 'duplicate')).toHaveLength(3);
    await router.settle();
    const { rows } = await database.pool.query('select * from webhook_events');
    expect(rows).toMatchObject([
      { type: 'INSTALL', ghl_location_id: 'sub-3', payload: event, outcome: 'accepted', handled_at: null },
    ]);
    const bodies = router.sent.map(({ body }) => body);
    expect(bodies.filter((body) => body.includes(`"webhookId":"${String(event['webhookId'])}"`))).toHaveLength(1);
    expect(bodies.join()).not.toContain('sub-3');
  });

  it.each([
    ['unsigned', (): SendOptions['headers'] => ({})],
    ['signed with N/A', (): SendOptions['headers'] => ({ 'x-ghl-signature': 'N/A' })],
    [
      'signed with another key',
      (text: string): SendOptions['headers'] => ({
        'x-ghl-signature': sign(null, Buffer.from(text), other?.privateKey ?? '').toString('base64'),
      }),
    ],
    [
      'signed for another body',
      (): SendOptions['headers'] => ({
        'x-ghl-signature': sign(null, Buffer.from('{}'), current?.privateKey ?? '').toString('base64'),
      }),
    ],
    [
      'signed under the header that is gone',
      (text: string): SendOptions['headers'] => ({
        'x-wh-signature': sign(null, Buffer.from(text), current?.privateKey ?? '').toString('base64'),
      }),
    ],
  ])('that is %s is refused, counted and not stored', async (_name, makeHeaders) => {
    const text = JSON.stringify(makeContact());
    const response = await post(text, { headers: { ...makeHeaders(text) } });
    expect(await outcomeOf(response)).toEqual([401, expect.objectContaining({ code: 'invalid_signature' })]);
    expect([await countRows('webhook_events'), await countRows('outbox')]).toEqual([0, 0]);
  });

  it('is checked over its raw bytes: what only reads the same is refused', async () => {
    const text = JSON.stringify(makeContact());
    const signature = sign(null, Buffer.from(text), current?.privateKey ?? '').toString('base64');
    expect((await post(`${text} `, { headers: { 'x-ghl-signature': signature } })).status).toBe(401);
    expect((await post(text, { headers: { 'x-ghl-signature': signature } })).status).toBe(200);
  });

  it.each([
    ['of another app', { appId: 'app-2' }, 'wrong_app'],
    ['of another company', { companyId: 'company-2' }, 'other_company'],
    ['of a sub-account nobody knows', { locationId: 'sub-2' }, 'unknown_location'],
    ['of no sub-account', { locationId: undefined }, 'no_location'],
    ['to install that names no app', { type: 'INSTALL', appId: undefined }, 'wrong_app'],
    ['to install that has null for the app', { type: 'INSTALL', appId: null }, 'wrong_app'],
  ])('%s is ignored: noted without what it holds, and nothing is sent', async (_name, fields, reason) => {
    expect(await outcomeOf(await post(makeContact(fields)))).toEqual([200, { outcome: 'ignored', reason }]);
    const { rows } = await database.pool.query('select outcome, reason, payload from webhook_events');
    expect(rows).toEqual([{ outcome: 'ignored', reason, payload: null }]);
    expect(await countRows('outbox')).toBe(0);
  });

  it('of a location that was imported with its sub-account is ours', async () => {
    await database.pool.query(
      `insert into location_keys (id, franchise_code, ghl_location_id, geo_region, timezone, active, paused)
       values (uuidv7(), 'X-1', 'sub-9', 'northeast', 'America/New_York', true, false)`,
    );
    expect(await outcomeOf(await post(makeContact({ locationId: 'sub-9' })))).toEqual([200, { outcome: 'accepted' }]);
  });

  it.each([
    ['no JSON', '{"type":', 400],
    ['JSON of another shape', '[]', 400],
    ['without a type', '{"locationId":"sub-1"}', 400],
    ['too large', `"${'x'.repeat(600_000)}"`, 413],
  ])('that is %s is refused', async (_name, body, status) => {
    expect((await post(body)).status).toBe(status);
    expect(await countRows('webhook_events')).toBe(0);
  });

  it('is taken though its fields are not as documented: a number is its text, and nonsense is left out', async () => {
    const odd = makeContact({ id: 4711, timestamp: 1_764_000_000, tags: 'none', companyId: {}, phone: 16175550100 });
    expect(await outcomeOf(await post(odd))).toEqual([200, { outcome: 'accepted' }]);
    const { rows } = await database.pool.query('select resource_id, handled_as, payload from webhook_events');
    expect(rows).toEqual([{ resource_id: '4711', handled_as: 'not_needed', payload: odd }]);
    const nowhere = makeContact({ locationId: ['sub-1'], webhookId: 'x'.repeat(600) });
    expect(await (await post(nowhere)).json()).toEqual({ outcome: 'ignored', reason: 'no_location' });
  });

  it('without an id of its own is known again by what it says', async () => {
    const contact = makeContact({ webhookId: null, appId: null });
    expect(await (await post(contact)).json()).toEqual({ outcome: 'accepted' });
    expect(await (await post(contact)).json()).toEqual({ outcome: 'duplicate' });
  });

  it('is stored whatever its texts hold that Postgres does not', async () => {
    const contact = makeContact({ firstName: 'An\u0000n', lastName: 'half \ud800', note: String.raw`a\u0000b` });
    expect(await outcomeOf(await post(contact))).toEqual([200, { outcome: 'accepted' }]);
    const { rows } = await database.pool.query('select payload from webhook_events');
    expect(rows).toMatchObject([
      { payload: { firstName: 'An n', lastName: 'half \ufffd', note: String.raw`a\u0000b` } },
    ]);
  });

  /** As a router whose Postgres is away. */
  async function postWithoutPostgres(contact: unknown, more: Partial<TestRouter['deps']> = {}): Promise<Response> {
    const deps = {
      ...router.deps,
      database: createDatabase({ url: database.url, fetchEndpoint: 'http://127.0.0.1:9/sql', timeoutMs: 1000 }),
      ...more,
    };
    const text = JSON.stringify(contact);
    const signature = sign(null, Buffer.from(text), current?.privateKey ?? '').toString('base64');
    const request = new Request(`https://router.test${PATH}`, {
      method: 'POST',
      body: text,
      headers: { 'x-ghl-signature': signature },
    });
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
    return createApp(deps).fetch(request, {}, context);
  }

  it('that cannot be stored is kept by QStash, hidden from its logs, and stored once when Postgres is back', async () => {
    router.sent.length = 0;
    const event = install();
    expect(await outcomeOf(await postWithoutPostgres(event))).toEqual([202, { outcome: 'accepted' }]);
    const [message] = router.sent;
    expect(message).toMatchObject({ url: 'https://router.test/v1/jobs/persist-event', redact: { body: true } });
    const body: unknown = JSON.parse(message?.body ?? '');
    expect(await persistEvent(router.deps, body)).toBe('done');
    expect(await persistEvent(router.deps, body)).toBe('done');
    expect([await countRows('webhook_events'), await countRows('outbox')]).toEqual([1, 1]);
    expect(await outcomeOf(await post(event))).toEqual([200, { outcome: 'duplicate' }]);
  });

  it('that was kept by QStash is taken back, however large it was', async () => {
    router.sent.length = 0;
    expect((await postWithoutPostgres(install({ note: 'x'.repeat(500 * 1024) }))).status).toBe(202);
    const [message] = router.sent;
    const receiver = { verify: () => Promise.resolve(true) };
    const again = await createTestRouter({ database, highlevel: config, receiver });
    const path = '/v1/jobs/persist-event';
    expect((await again.send('POST', path, { body: message?.body ?? '', apiKey: null })).status).toBe(204);
    await again.settle();
    expect(await countRows('webhook_events')).toBe(1);
  });

  it('of another app is ignored for that also while Postgres is away, and not kept', async () => {
    router.sent.length = 0;
    const answer = await postWithoutPostgres({ ...makeContact(), appId: 'another app' });
    expect(await outcomeOf(answer)).toEqual([200, { outcome: 'ignored', reason: 'wrong_app' }]);
    expect(router.sent).toEqual([]);
  });

  it('that neither Postgres nor QStash can keep is answered 429, which HighLevel sends again under any policy', async () => {
    const qstash = { batch: () => Promise.reject(new TypeError('fetch failed')) };
    const response = await postWithoutPostgres(makeContact(), { qstash });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '30']);
  });

  it('is counted by how it ended, in Postgres', async () => {
    const fresh = await createTestRouter({ database, highlevel: config });
    for (const text of [JSON.stringify(makeContact()), JSON.stringify(makeContact())]) {
      await fresh.send('POST', PATH, { body: text, apiKey: null });
    }
    await fresh.settle();
    const { rows } = await database.pool.query('select outcome, reason, count::int from webhook_counts');
    expect(rows).toEqual([{ outcome: 'rejected', reason: 'unverified', count: 1 }]);
  });

  it('is not taken at all where HighLevel is not configured', async () => {
    const without = await createTestRouter({ database });
    const text = JSON.stringify(makeContact());
    const signature = sign(null, Buffer.from(text), current?.privateKey ?? '').toString('base64');
    const headers = { 'x-ghl-signature': signature };
    expect((await without.send('POST', PATH, { body: text, apiKey: null, headers })).status).toBe(401);
  });
});

describe('what webhooks ask for', () => {
  async function take(payload: Record<string, unknown>): Promise<void> {
    expect(await (await post(payload)).json()).toEqual({ outcome: 'accepted' });
    await handleWebhooks({ ...router.deps, handleLeadWebhooks: ignoreAll, handleSourceEvent: ignore }, [
      String(payload['webhookId']),
    ]);
  }

  it('is done in whatever order they come: the app is in or out as HighLevel’s last word says', async () => {
    const locationId = 'sub-7';
    await take(install({ locationId, timestamp: '2026-10-01T10:00:00Z' }));
    expect(await isAppInstalled(router.deps.database, locationId)).toBe(true);
    await take(install({ type: 'UNINSTALL', locationId, timestamp: '2026-10-01T12:00:00Z' }));
    await take(install({ locationId, timestamp: '2026-10-01T11:00:00Z' }));
    expect(await isAppInstalled(router.deps.database, locationId)).toBe(false);
    await take(install({ locationId, companyId: undefined, timestamp: '2026-10-01T13:00:00Z' }));
    expect(await isAppInstalled(router.deps.database, locationId)).toBe(true);
  });

  it('ends the connection when the agency took the app out, but not one that was made since', async () => {
    const connect = `insert into highlevel_connections (company_id, status, access_token, refresh_token, access_expires_at,
      scopes, connected_at) values ('company-1', 'connected', 'a', 'b', now(), '{}', '2026-10-02T00:00:00Z')`;
    await database.pool.query(connect);
    const status = async () =>
      (await database.pool.query('select status, status_reason from highlevel_connections')).rows[0];
    const uninstall = (timestamp: string) => take(install({ type: 'UNINSTALL', locationId: undefined, timestamp }));
    await uninstall('2026-10-01T00:00:00Z');
    expect(await status()).toEqual({ status: 'connected', status_reason: null });
    await uninstall('2026-10-03T00:00:00Z');
    expect(await status()).toEqual({ status: 'reconnect_needed', status_reason: 'uninstalled' });
  });

  it('is nothing for a probe contact, whose arrival can then be seen, nor for one that nobody waits for', async () => {
    const isSeen = (contactId: string) => isWebhookSeen(router.deps.database, { type: 'ContactCreate', contactId });
    expect(await isSeen('probe-1')).toBe(false);
    await take(makeContact({ id: 'probe-1', tags: [PROBE_TAG] }));
    await take(makeContact({ id: 'contact-2' }));
    expect([await isSeen('probe-1'), await isSeen('contact-2')]).toEqual([true, true]);
    const { rows } = await database.pool.query('select resource_id, handled_as from webhook_events order by 1');
    expect(rows).toEqual([
      { resource_id: 'contact-2', handled_as: 'not_needed' },
      { resource_id: 'probe-1', handled_as: 'probe' },
    ]);
  });

  it('is done once for a message that comes twice', async () => {
    const event = install({ locationId: 'sub-8', timestamp: '2026-10-01T10:00:00Z' });
    await take(event);
    await handleWebhooks({ ...router.deps, handleLeadWebhooks: ignoreAll, handleSourceEvent: ignore }, [
      String(event['webhookId']),
      'no-such-webhook',
    ]);
    const { rows } = await database.pool.query(`select handled_as from webhook_events where handled_at is not null`);
    expect(rows).toEqual([{ handled_as: 'installed' }]);
  });
});
