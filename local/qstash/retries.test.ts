import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import type { Delivery } from './testing/receiver.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

/** 12 s become 12 ms, 2 min 28 s become 148 ms. */
const TIME_SCALE = 1_000;

type CallbackBody = {
  status: number;
  retried: number;
  maxRetries: number;
  sourceMessageId: string;
  dlqId?: string;
  body: string;
  sourceBody: string;
};

let qstash: TestQstash;

beforeAll(async () => {
  qstash = await startTestQstash({ timeScale: TIME_SCALE });
});
afterAll(() => qstash.stop());
afterEach(() => qstash.receiver.answer(() => ({ status: 200 })));

/** Fails the first `failures` deliveries to `path`, then accepts. */
function failFirst(failures: number, path: string, headers: Record<string, string> = {}): void {
  let seen = 0;
  qstash.receiver.answer((delivery) => {
    if (delivery.path !== path) return { status: 200 };
    return ++seen <= failures ? { status: 500, headers, body: 'not yet' } : { status: 200, body: 'done' };
  });
}

async function findDeadLetter(messageId: string) {
  return eventually(
    async () => {
      const { messages } = await qstash.client.dlq.listMessages({ filter: { messageId } });
      const [letter] = messages;
      if (letter === undefined) throw new Error('not dead yet');
      return letter;
    },
    { intervalMs: 5 },
  );
}

function pausesMs(deliveries: readonly Delivery[]): number[] {
  return deliveries.slice(1).map((delivery, index) => delivery.atMs - (deliveries[index]?.atMs ?? 0));
}

describe('a failed delivery', () => {
  it('is repeated after the default backoff under the same message id until it succeeds', async () => {
    failFirst(2, '/flaky');
    const { messageId } = await qstash.client.publishJSON({ url: `${qstash.receiver.url}/flaky`, body: {} });
    const deliveries = await qstash.receiver.waitFor(3, '/flaky');
    expect(deliveries.map(({ headers }) => [headers['upstash-message-id'], headers['upstash-retried']])).toEqual([
      [messageId, '0'],
      [messageId, '1'],
      [messageId, '2'],
    ]);
    const [first = 0, second = 0] = pausesMs(deliveries);
    expect(first).toBeGreaterThanOrEqual(12);
    expect(second).toBeGreaterThanOrEqual(148);
    await eventually(() => expect(qstash.client.messages.get(messageId)).rejects.toMatchObject({ status: 404 }));
  });

  it('is repeated when the destination asks for it', async () => {
    failFirst(1, '/retry-after', { 'retry-after': '3m' });
    await qstash.client.publish({ url: `${qstash.receiver.url}/retry-after`, retryDelay: '1' });
    const [pause] = pausesMs(await qstash.receiver.waitFor(2, '/retry-after'));
    expect(pause).toBeGreaterThanOrEqual(180);
  });

  it('is repeated after the time its expression says', async () => {
    failFirst(2, '/expression');
    await qstash.client.publish({ url: `${qstash.receiver.url}/expression`, retryDelay: '60000 * (1 + retried)' });
    const [first = 0, second = 0] = pausesMs(await qstash.receiver.waitFor(3, '/expression'));
    expect(first).toBeGreaterThanOrEqual(60);
    expect(second).toBeGreaterThanOrEqual(120);
  });

  it.each([
    ['a redirect', () => ({ status: 302, headers: { location: '/elsewhere' } })],
    ['a client error', () => ({ status: 404 })],
    ['no answer in time', () => new Promise<never>(() => undefined)],
  ])('may be %s, and becomes a dead letter after its last retry', async (name, answer) => {
    qstash.receiver.answer(answer);
    const path = `/dead-${encodeURIComponent(name)}`;
    const { messageId } = await qstash.client.publish({
      url: qstash.receiver.url + path,
      retries: 1,
      retryDelay: '1',
      timeout: 1,
      body: 'payload',
    });
    const letter = await findDeadLetter(messageId);
    expect(letter).toMatchObject({ messageId, body: 'payload', maxRetries: 1, url: qstash.receiver.url + path });
    expect(await qstash.receiver.waitFor(2, path)).toHaveLength(2);
    expect(qstash.receiver.deliveries.some((delivery) => delivery.path === '/elsewhere')).toBe(false);
  });

  it('is final at once on 489 with Upstash-NonRetryable-Error', async () => {
    qstash.receiver.answer(() => ({ status: 489, headers: { 'Upstash-NonRetryable-Error': 'true' }, body: 'never' }));
    const { messageId } = await qstash.client.publish({ url: `${qstash.receiver.url}/stop`, retries: 5 });
    expect(await findDeadLetter(messageId)).toMatchObject({ responseStatus: 489, responseBody: 'never' });
    expect(await qstash.receiver.waitFor(1, '/stop')).toHaveLength(1);
  });

  it('is an ordinary failure on 489 without that header', async () => {
    qstash.receiver.answer(() => ({ status: 489 }));
    const { messageId } = await qstash.client.publish({
      url: `${qstash.receiver.url}/489`,
      retries: 1,
      retryDelay: '1',
    });
    await findDeadLetter(messageId);
    expect(await qstash.receiver.waitFor(2, '/489')).toHaveLength(2);
  });

  it('without anyone listening becomes a dead letter too', async () => {
    const { messageId } = await qstash.client.publish({ url: 'http://127.0.0.1:1/', retries: 0 });
    expect(await findDeadLetter(messageId)).toMatchObject({ responseStatus: 0 });
  });
});

describe('callbacks', () => {
  it('follow every attempt and carry its answer, the failure callback only the last failure', async () => {
    qstash.receiver.answer(({ path }) => (path === '/source' ? { status: 503, body: 'busy' } : { status: 200 }));
    const { messageId } = await qstash.client.publish({
      url: `${qstash.receiver.url}/source`,
      body: 'payload',
      retries: 2,
      retryDelay: '1',
      callback: `${qstash.receiver.url}/callback`,
      failureCallback: `${qstash.receiver.url}/failure`,
      headers: { 'Upstash-Failure-Callback-Forward-X-Reason': 'dead', 'Upstash-Callback-Method': 'PUT' },
    });
    const callbacks = await qstash.receiver.waitFor(3, '/callback');
    const bodies = callbacks.map(({ body }) => JSON.parse(body) as CallbackBody);
    expect(new Set(bodies.map(({ retried }) => retried))).toEqual(new Set([0, 1, 2]));
    expect(bodies[0]).toMatchObject({ status: 503, maxRetries: 2, sourceMessageId: messageId });
    expect(Buffer.from(bodies[0]?.body ?? '', 'base64').toString()).toBe('busy');
    expect(Buffer.from(bodies[0]?.sourceBody ?? '', 'base64').toString()).toBe('payload');
    expect(callbacks.every(({ method }) => method === 'PUT')).toBe(true);
    expect(new Set(callbacks.map(({ headers }) => headers['upstash-message-id'])).size).toBe(3);

    const [failure] = await qstash.receiver.waitFor(1, '/failure');
    const letter = await findDeadLetter(messageId);
    expect(JSON.parse(failure?.body ?? '{}')).toMatchObject({
      dlqId: letter.dlqId,
      sourceMessageId: messageId,
      retried: 2,
    });
    expect(failure?.headers).toMatchObject({ 'x-reason': 'dead', 'content-type': 'application/json' });
  });

  it('are messages of their own: repeated, and dead in their turn', async () => {
    qstash.receiver.answer(({ path }) => ({ status: path === '/fine' ? 200 : 500 }));
    await qstash.client.publish({
      url: `${qstash.receiver.url}/fine`,
      callback: `${qstash.receiver.url}/broken-callback`,
      headers: { 'Upstash-Callback-Retries': '1', 'Upstash-Callback-Retry-Delay': '1' },
    });
    const [first] = await qstash.receiver.waitFor(2, '/broken-callback');
    const letter = await findDeadLetter(first?.headers['upstash-message-id'] ?? '');
    expect(letter.url).toBe(`${qstash.receiver.url}/broken-callback`);
  });

  it('do not follow a failure that will be repeated with a failure callback', async () => {
    failFirst(1, '/recovers');
    await qstash.client.publish({
      url: `${qstash.receiver.url}/recovers`,
      retryDelay: '1',
      callback: `${qstash.receiver.url}/recovered`,
      failureCallback: `${qstash.receiver.url}/never`,
    });
    await qstash.receiver.waitFor(2, '/recovered');
    await eventually(async () => expect(await qstash.readState()).toMatchObject({ pending: 0 }));
    expect(qstash.receiver.deliveries.some(({ path }) => path === '/never')).toBe(false);
  });
});

describe('dead letters', () => {
  async function makeDeadLetter(options: { label?: string; path?: string } = {}) {
    const { label = 'some', path = '/letters' } = options;
    qstash.receiver.answer(() => ({ status: 500, body: 'broken' }));
    const { messageId } = await qstash.client.publishJSON({
      url: qstash.receiver.url + path,
      body: { n: 1 },
      headers: { 'x-one': '1' },
      retries: 0,
      label,
      flowControl: { key: 'letters', parallelism: 3 },
    });
    return findDeadLetter(messageId);
  }

  it('show the message and the last answer', async () => {
    const letter = await makeDeadLetter({ label: 'shown' });
    expect(letter).toMatchObject({
      dlqId: expect.stringMatching(/^\d+-\d+$/),
      header: { 'Content-Type': ['application/json'], 'X-One': ['1'] },
      body: '{"n":1}',
      responseStatus: 500,
      responseBody: 'broken',
      label: 'shown',
      labels: ['shown'],
      flowControlKey: 'letters',
      parallelism: 3,
    });
    const single = await qstash.call('GET', `/v2/dlq/${letter.dlqId}`);
    expect(await single.json()).toMatchObject({ messageId: letter.messageId });
  });

  it('are filtered, and an unknown filter is refused', async () => {
    await makeDeadLetter({ label: 'red' });
    await makeDeadLetter({ label: 'blue' });
    const labelled = await qstash.client.dlq.listMessages({ filter: { label: ['red', 'blue'], responseStatus: 500 } });
    expect(labelled.messages.map(({ label }) => label)).toEqual(['blue', 'red']);
    expect((await qstash.client.dlq.listMessages({ filter: { label: 'red', responseStatus: 404 } })).messages).toEqual(
      [],
    );
    expect((await qstash.call('GET', '/v2/dlq?colour=red')).status).toBe(400);
    expect((await qstash.call('GET', '/v2/dlq?host=example.com')).status).toBe(400);
  });

  it('are listed page by page', async () => {
    for (let n = 0; n < 3; n++) await makeDeadLetter({ label: 'paged' });
    const first = await qstash.client.dlq.listMessages({ filter: { label: 'paged' }, count: 2 });
    const second = await qstash.client.dlq.listMessages({
      filter: { label: 'paged' },
      count: 2,
      ...(first.cursor !== undefined && { cursor: first.cursor }),
    });
    expect([first.messages.length, second.messages.length]).toEqual([2, 1]);
    expect(second.cursor).toBeUndefined();
  });

  it('are deleted one by one, by ids and by filter', async () => {
    const letters = [
      await makeDeadLetter({ label: 'old' }),
      await makeDeadLetter({ label: 'old' }),
      await makeDeadLetter({ label: 'old' }),
    ];
    const [one, two] = letters.map(({ dlqId }) => dlqId);
    await qstash.client.dlq.delete(one ?? '');
    expect((await qstash.call('DELETE', `/v2/dlq/${one}`)).status).toBe(404);
    expect(await qstash.client.dlq.delete([one ?? '', two ?? ''])).toMatchObject({ deleted: 1 });
    expect(await qstash.client.dlq.delete({ filter: { label: 'old' } })).toMatchObject({ deleted: 1 });
    expect((await qstash.client.dlq.listMessages({ filter: { label: 'old' } })).messages).toEqual([]);
  });

  it('are published again as they were, one or many, and are gone then', async () => {
    const letters = [await makeDeadLetter({ path: '/redriven' }), await makeDeadLetter({ path: '/redriven' })];
    qstash.receiver.answer(() => ({ status: 200 }));
    const ids = letters.map(({ dlqId }) => dlqId);
    const { responses } = await qstash.client.dlq.retry(ids);
    const deliveries = await qstash.receiver.waitFor(4, '/redriven');
    const redelivered = deliveries.slice(2).map(({ headers }) => headers['upstash-message-id']);
    expect(new Set(redelivered)).toEqual(new Set(responses.map(({ messageId }) => messageId)));
    expect(deliveries[3]).toMatchObject({ body: '{"n":1}', headers: { 'x-one': '1', 'upstash-retried': '0' } });
    await expect(qstash.client.dlq.retry(ids)).rejects.toMatchObject({ status: 404 });
  });

  it('answer 201 to a single retry, whose headers override the original', async () => {
    const letter = await makeDeadLetter({ path: '/override' });
    qstash.receiver.answer(() => ({ status: 200 }));
    const headers = { 'Upstash-Forward-X-One': '2', 'Upstash-Method': 'PUT' };
    const response = await qstash.call('POST', `/v2/dlq/retry/${letter.dlqId}`, { headers });
    expect([response.status, await response.json()]).toEqual([201, { messageId: expect.stringMatching(/^msg_/) }]);
    const [, again] = await qstash.receiver.waitFor(2, '/override');
    expect(again).toMatchObject({ method: 'PUT', body: '{"n":1}', headers: { 'x-one': '2' } });
  });

  it('stay when the retry is refused', async () => {
    const letter = await makeDeadLetter({ path: '/refused' });
    const headers = { 'Upstash-Retries': 'many' };
    expect((await qstash.call('POST', `/v2/dlq/retry/${letter.dlqId}`, { headers })).status).toBe(400);
    expect((await qstash.call('GET', `/v2/dlq/${letter.dlqId}`)).status).toBe(200);
  });
});
