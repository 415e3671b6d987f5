import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestQstash, type TestQstash } from '../../../local/qstash/testing/test-qstash.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { deliverNews } from './deliver-news.ts';
import { keepUndelivered } from './keep-undelivered.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';

interface Created {
  readonly subscriptionId: string;
  readonly secret: string;
  readonly undelivered: number;
}

let database: TestDatabase;
let qstash: TestQstash;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  qstash = await startTestQstash();
  router = await createTestRouter({ database, qstash: qstash.client, allowPrivateTargets: true });
});

afterAll(async () => {
  await qstash.stop();
  await database.drop();
});

async function subscribe(path: string, options: object): Promise<Created> {
  const body = { targetUrl: `${qstash.receiver.url}${path}`, ...options };
  const response = await router.send('POST', '/v1/subscriptions', { body });
  expect([200, 201]).toContain(response.status);
  return (await response.json()) as Created;
}

const end = ({ subscriptionId }: Created) => router.send('DELETE', `/v1/subscriptions/${subscriptionId}`);
/** Every delivery to a subscription so far. */
const deliveriesTo = ({ subscriptionId }: Created) =>
  qstash.receiver.deliveries.filter(({ body }) => body.includes(`"subscriptionId":"${subscriptionId}"`));
const waitForDeliveries = (to: Created, count: number) =>
  vi.waitFor(() => expect(deliveriesTo(to)).toHaveLength(count), { timeout: 20_000 });
const waitUntilQuiet = () =>
  vi.waitFor(async () => expect(await qstash.readState()).toMatchObject({ pending: 0, inFlight: 0 }), {
    timeout: 20_000,
  });

describe('a subscription', () => {
  it('is one for its target: the same again keeps id and secret and takes the new topics', async () => {
    const first = await subscribe('/same', { topics: ['lead.assigned'] });
    const again = await subscribe('/same', { topics: ['lead.parked', 'lead.parked'] });
    expect(again).toMatchObject({
      subscriptionId: first.subscriptionId,
      secret: first.secret,
      topics: ['lead.parked'],
    });
    const found = await router.send('GET', `/v1/subscriptions/${first.subscriptionId}`);
    expect(Object.keys((await found.json()) as object)).not.toContain('secret');
    expect((await end(first)).status).toBe(200);
    expect((await end(first)).status).toBe(404);
  });

  it('is refused with every fault at once, and its target told what it must be', async () => {
    const body = { targetUrl: 'http://127.0.0.1/', topics: ['lead.gone'], filter: { 'not a name': 'x' }, extra: 1 };
    const refused = await router.send('POST', '/v1/subscriptions', { body });
    expect(refused.status).toBe(422);
    const strict = await createTestRouter({ database });
    const inside = await strict.send('POST', '/v1/subscriptions', {
      body: { targetUrl: 'http://127.0.0.1:5678/webhook', topics: ['lead.parked'] },
    });
    expect(await inside.json()).toMatchObject({ errors: [{ field: 'targetUrl', code: 'invalid_target' }] });
  });
});

describe('an event', () => {
  it('of a lead that was routed reaches who asked for it, signed, with ids and nothing of the person', async () => {
    const subscription = await subscribe('/lead', { topics: ['lead.parked'] });
    const routed = await router.send('POST', '/v1/leads', {
      body: { source: 'web', postalCode: '00000', email: 'somebody@example.com' },
    });
    const { leadId } = (await routed.json()) as { leadId: string };
    const { rows } = await database.pool.query<{ id: string }>('select id from outbox where lead_id = $1', [leadId]);
    await deliverNews(router.deps, [{ outboxId: Number(rows[0]?.id ?? 1), topic: 'lead.parked', leadId }]);
    await waitForDeliveries(subscription, 1);
    const [delivery] = deliveriesTo(subscription);
    const { headers = {}, body = '' } = delivery ?? {};
    const key = Buffer.from(subscription.secret.slice('whsec_'.length), 'base64');
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(JSON.parse(body)).toMatchObject({ id: headers['webhook-id'], topic: 'lead.parked', data: { leadId } });
    expect(body).not.toContain('somebody');
    await end(subscription);
  });

  it('comes once although its job runs twice', async () => {
    const subscription = await subscribe('/twice', { topics: ['location.activated'] });
    const news = [{ outboxId: 900_001, topic: 'location.activated', locationId: 'a' }];
    await deliverNews(router.deps, news);
    await deliverNews(router.deps, news);
    await waitForDeliveries(subscription, 1);
    await waitUntilQuiet();
    expect(deliveriesTo(subscription)).toHaveLength(1);
    await end(subscription);
  });

  it('goes only to those whose filter it meets; one that is wanted once ends its subscription', async () => {
    const mine = await subscribe('/mine', { topics: ['batch.finished'], filter: { batchId: 'b-1' }, once: true });
    const other = await subscribe('/other', { topics: ['batch.finished'], filter: { batchId: 'b-2' }, once: true });
    await deliverNews(router.deps, [{ outboxId: 900_002, topic: 'batch.finished', batchId: 'b-1' }]);
    await waitForDeliveries(mine, 1);
    expect((await router.send('GET', `/v1/subscriptions/${mine.subscriptionId}`)).status).toBe(404);
    expect((await router.send('GET', `/v1/subscriptions/${other.subscriptionId}`)).status).toBe(200);
    expect(deliveriesTo(other)).toEqual([]);
    await end(other);
  });

  it('that nobody asks for is sent to nobody', async () => {
    const before = qstash.receiver.deliveries.length;
    await deliverNews(router.deps, [{ outboxId: 900_003, topic: 'drift.found', locationId: 'a' }]);
    await deliverNews(router.deps, [{ outboxId: 900_004, topic: 'something.else' }]);
    await waitUntilQuiet();
    expect(qstash.receiver.deliveries).toHaveLength(before);
  });

  it('that a target never took is kept, counted, and sent again when asked, signed anew', async () => {
    const subscription = await subscribe('/down', { topics: ['step.failed'] });
    const { subscriptionId } = subscription;
    qstash.receiver.answer(() => ({ status: 500 }));
    await deliverNews(router.deps, [{ outboxId: 900_005, topic: 'step.failed', runId: 'r-1' }]);
    await waitForDeliveries(subscription, 6);
    const body = deliveriesTo(subscription)[0]?.body ?? '';
    const failure = { status: 500, sourceBody: Buffer.from(body).toString('base64') };
    expect(await keepUndelivered(router.deps, failure)).toBe('done');
    expect(await keepUndelivered(router.deps, failure)).toBe('done');
    qstash.receiver.answer(() => ({ status: 200 }));
    const found = await router.send('GET', `/v1/subscriptions/${subscriptionId}`);
    expect(await found.json()).toMatchObject({ undelivered: 1 });
    const again = await router.send('POST', `/v1/subscriptions/${subscriptionId}/redeliver`);
    expect(await again.json()).toEqual({ redelivered: 1, left: 0 });
    await waitForDeliveries(subscription, 7);
    expect(new Set(deliveriesTo(subscription).map((delivery) => delivery.headers['webhook-id'])).size).toBe(1);
    expect(await (await router.send('GET', `/v1/subscriptions/${subscriptionId}`)).json()).toMatchObject({
      undelivered: 0,
    });
    await end(subscription);
  });

  it('that is none of ours is refused', async () => {
    for (const body of [{}, { status: 500, sourceBody: '%%%' }, { status: 500, sourceBody: btoa('{"id":1}') }]) {
      expect(await keepUndelivered(router.deps, body)).toBe('refused');
    }
  });
});
