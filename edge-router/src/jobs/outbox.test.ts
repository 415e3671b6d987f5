import { Receiver } from '@upstash/qstash';
import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createApp } from '../app.ts';
import {
  createTestRouter,
  recordMessages,
  TEST_SIGNING_KEYS,
  type SentMessage,
  type TestRouter,
} from '../testing/test-router.ts';

let database: TestDatabase;
let router: TestRouter;
let isQstashDown = false;
const published: SentMessage[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const qstash: TestRouter['deps']['qstash'] = {
    batch: (messages) => {
      recordMessages(published, messages);
      return isQstashDown ? Promise.reject(new TypeError('fetch failed')) : Promise.resolve([]);
    },
  };
  router = await createTestRouter({ database, qstash });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

/** What the messages tell, in order. */
function listNews(messages: readonly SentMessage[]): { leadId: string }[] {
  return messages.flatMap(({ body }) => (JSON.parse(body) as { events: { leadId: string }[] }).events);
}

async function sendLead(): Promise<string> {
  const response = await router.send('POST', '/v1/leads', { body: { source: 'test' } });
  const { leadId } = (await response.json()) as { leadId: string };
  return leadId;
}

async function countUnpublished(): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    'select ((select count(*) from outbox) + (select count(*) from outbox_messages))::int as count',
  );
  return rows[0]?.count ?? -1;
}

async function endLeases(): Promise<void> {
  await database.pool.query(`update outbox_messages set claimed_until = now() - interval '1 second'`);
}

/** Signs as QStash does: a JWT over the address and the hash of the body. */
function sign({ body, url, key }: { body: string; url: string; key: string }): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'Upstash',
    sub: url,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: 'jwt_test',
    body: createHash('sha256').update(body).digest('base64url'),
  };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const noBackground = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

describe('the outbox', () => {
  beforeEach(async () => {
    await router.settle();
    published.length = 0;
  });

  it('sends each lead’s news once, with ids only, under an id that QStash can drop repeats by', async () => {
    const leadId = await sendLead();
    await router.settle();
    expect(published).toEqual([
      expect.objectContaining({
        url: 'https://router.test/v1/jobs/lead-events',
        deduplicationId: expect.stringMatching(/^outbox-[0-9a-f-]{36}$/),
      }),
    ]);
    expect(listNews(published)).toEqual([
      { outboxId: expect.any(Number), topic: 'lead.parked', at: expect.any(String), leadId, locationId: null },
    ]);
    expect(await countUnpublished()).toBe(0);
  });

  it('gathers the news of leads that come while it sends', async () => {
    const leadIds = await Promise.all(Array.from({ length: 20 }, () => sendLead()));
    await router.settle();
    expect(
      listNews(published)
        .map(({ leadId }) => leadId)
        .sort(),
    ).toEqual(leadIds.sort());
    expect(published.length).toBeLessThanOrEqual(4);
    expect(await countUnpublished()).toBe(0);
  });

  it('keeps its news while QStash is away, without asking it for each lead, and the sweep sends it when it is back', async () => {
    isQstashDown = true;
    const leadIds: string[] = [];
    for (let leads = 0; leads < 3; leads++) {
      leadIds.push(await sendLead());
      await router.settle();
    }
    expect(published).toHaveLength(1);
    expect(await countUnpublished()).toBe(3);
    isQstashDown = false;
    const refused = published.splice(0);
    expect(await router.app.outbox.run()).toBe(2);
    await endLeases();
    expect(await router.app.outbox.run()).toBe(1);
    expect(listNews(published).map(({ leadId }) => leadId)).toEqual([leadIds[1], leadIds[2], leadIds[0]]);
    expect(published[1]).toEqual(refused[0]);
    expect(await countUnpublished()).toBe(0);
  });

  it('drained by four at once sends all news once', async () => {
    await database.pool.query(
      `insert into outbox (topic, payload) select 'lead.parked', jsonb_build_object('leadId', uuidv7()) from generate_series(1, 1950)`,
    );
    const others = await Promise.all([1, 2, 3].map(() => createTestRouter({ database, qstash: router.deps.qstash })));
    await Promise.all([router, ...others].map(({ app }) => app.outbox.run()));
    expect(new Set(published.map((message) => message.deduplicationId)).size).toBe(published.length);
    expect(listNews(published)).toHaveLength(1950);
    expect(new Set(listNews(published).map(({ leadId }) => leadId)).size).toBe(1950);
  });

  it('goes on in a later request when the one it was started by has been cut off', async () => {
    let nowMs = Date.now();
    const neverDone = { batch: () => new Promise<never>(() => {}) };
    const cutOff = await createTestRouter({ database, qstash: neverDone, nowMs: () => nowMs });
    const works: Promise<unknown>[] = [];
    const start = (): void => cutOff.app.outbox.start((work) => works.push(work));
    start();
    nowMs += 5000;
    start();
    expect(works).toHaveLength(1);
    nowMs += 6000;
    start();
    expect(works).toHaveLength(2);
    await Promise.all(works);
  });
});

describe('a job', () => {
  const path = '/v1/jobs/lead-events';
  const url = `https://router.test${path}`;

  async function deliver(
    body: string,
    given: { key?: string; signedUrl?: string; signature?: string; at?: string } = {},
  ) {
    const signature =
      given.signature ??
      sign({ body, url: given.signedUrl ?? url, key: given.key ?? TEST_SIGNING_KEYS.currentSigningKey });
    const headers = {
      'upstash-signature': signature,
      'upstash-message-id': 'msg_1',
      'content-type': 'application/json',
    };
    return router.send('POST', given.at ?? path, { body, headers, apiKey: null });
  }

  it('writes the news onto the leads’ time lines, once for every repeat, under the current or the next key', async () => {
    const leadIds = [await sendLead(), await sendLead()];
    const body = JSON.stringify({
      events: leadIds.map((leadId, index) => ({ outboxId: 77 + index, topic: 'lead.parked', leadId })),
    });
    expect((await deliver(body)).status).toBe(204);
    expect((await deliver(body, { key: TEST_SIGNING_KEYS.nextSigningKey })).status).toBe(204);
    for (const leadId of leadIds) {
      const found = (await (await router.send('GET', `/v1/leads/${leadId}`)).json()) as {
        timeLine: { kind: string }[];
      };
      expect(found.timeLine.map((event) => event.kind)).toEqual(['parked', 'announced']);
    }
  });

  it.each([
    ['unsigned', { signature: '' }],
    ['signed with another key', { key: 'sig_of_somebody_else' }],
    ['signed for another address', { signedUrl: 'https://router.test/v1/jobs/other' }],
    [
      'with another body than the signed one',
      { signature: sign({ body: '{}', url, key: TEST_SIGNING_KEYS.currentSigningKey }) },
    ],
  ])('is refused when it is %s', async (_name, given) => {
    const response = await deliver(
      JSON.stringify({ events: [{ outboxId: 99, topic: 'x', leadId: '00000000-0000-7000-8000-000000000000' }] }),
      given,
    );
    expect(response.status).toBe(401);
    const { rows } = await database.pool.query(`select 1 from lead_events where message_id = 'outbox-99'`);
    expect(rows).toEqual([]);
  });

  it('of news waits in message after message while Postgres is away, and is done when it is back', async () => {
    const leadId = await sendLead();
    await router.settle();
    const database = { execute: () => Promise.reject(new Error('no route')) } as never;
    const away = createApp({ ...router.deps, database });
    let body = JSON.stringify({ events: [{ outboxId: 120, topic: 'lead.parked', leadId }] });
    for (const delay of [2, 4, 8, 16, 32, 60, 60]) {
      published.length = 0;
      const headers = { 'upstash-signature': sign({ body, url, key: TEST_SIGNING_KEYS.currentSigningKey }) };
      const answer = await away.fetch(new Request(url, { method: 'POST', body, headers }), {}, noBackground);
      expect([answer.status, published]).toEqual([204, [expect.objectContaining({ url, delay })]]);
      body = published[0]?.body ?? '';
    }
    expect((await deliver(body)).status).toBe(204);
    const found = (await (await router.send('GET', `/v1/leads/${leadId}`)).json()) as { timeLine: { kind: string }[] };
    expect(found.timeLine.map(({ kind }) => kind)).toEqual(['parked', 'announced']);
  });

  it('that cannot be done now leaves it to the message how long QStash waits', async () => {
    const database = { execute: () => Promise.reject(new Error('no route')) } as never;
    const away = createApp({ ...router.deps, database });
    const at = 'https://router.test/v1/jobs/lead-clock';
    const body = JSON.stringify({ leadId: '01990000-0000-7000-8000-000000000000', move: 0 });
    const headers = { 'upstash-signature': sign({ body, url: at, key: TEST_SIGNING_KEYS.currentSigningKey }) };
    const answer = await away.fetch(new Request(at, { method: 'POST', body, headers }), {}, noBackground);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, null]);
  });

  it('that nobody can ever do is stopped for good', async () => {
    for (const body of ['{"events":[{"leadId":7}]}', '{"events":[]}', 'not json']) {
      const response = await deliver(body);
      expect([response.status, response.headers.get('upstash-nonretryable-error')]).toEqual([489, 'true']);
    }
    const at = '/v1/jobs/no-such-job';
    expect((await deliver('{}', { at, signedUrl: `https://router.test${at}` })).status).toBe(489);
  });

  it('is signed in the tests as the vendor’s own receiver wants it', async () => {
    const signature = sign({ body: 'x', url, key: TEST_SIGNING_KEYS.currentSigningKey });
    await expect(new Receiver(TEST_SIGNING_KEYS).verify({ signature, body: 'x', url })).resolves.toBe(true);
  });
});
