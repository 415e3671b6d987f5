import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

let qstash: TestQstash;

beforeAll(async () => {
  qstash = await startTestQstash();
});
afterAll(() => qstash.stop());
afterEach(() => qstash.receiver.answer(() => ({ status: 200 })));

async function enqueue(queueName: string, bodies: readonly string[]): Promise<string[]> {
  const url = `${qstash.receiver.url}/${queueName}`;
  const answers = await qstash.client.batch(bodies.map((body) => ({ queueName, url, body, retryDelay: '20000' })));
  return answers.flat().map(({ messageId }) => messageId);
}

async function bodiesOf(path: string, count: number): Promise<string[]> {
  return (await qstash.receiver.waitFor(count, path)).map(({ body }) => body);
}

const numbers = Array.from({ length: 20 }, (_, index) => String(index));

describe('a queue', () => {
  it('delivers in order, one at a time', async () => {
    await enqueue('fifo', numbers);
    expect(await bodiesOf('/fifo', 20)).toEqual(numbers);
    expect(qstash.receiver.mostAtOnce()).toBe(1);
  });

  it('makes everything behind a failing message wait for its retries', async () => {
    let attempts = 0;
    qstash.receiver.answer(({ body }) => ({ status: body === 'poison' && ++attempts <= 2 ? 500 : 200 }));
    await enqueue('poisoned', ['a', 'poison', 'b', 'c']);
    expect(await bodiesOf('/poisoned', 6)).toEqual(['a', 'poison', 'poison', 'poison', 'b', 'c']);
  });

  it('goes on after a message that fails for good, once its callbacks are delivered', async () => {
    const order: string[] = [];
    let failures = 0;
    qstash.receiver.answer(({ path, body }) => {
      order.push(path === '/slow-callback' ? 'callback' : body);
      const failsOnce = path === '/slow-callback' && ++failures <= 1;
      return { status: body === 'dead' || failsOnce ? 500 : 200 };
    });
    const headers = { 'Upstash-Failure-Callback-Retry-Delay': '30000', 'Upstash-Failure-Callback-Retries': '1' };
    const url = `${qstash.receiver.url}/with-callback`;
    const queue = qstash.client.queue({ queueName: 'with-callback' });
    await queue.pause();
    await queue.enqueue({
      url,
      body: 'dead',
      retries: 0,
      failureCallback: `${qstash.receiver.url}/slow-callback`,
      headers,
    });
    await queue.enqueue({ url, body: 'next' });
    await queue.resume();
    await qstash.receiver.waitFor(2, '/with-callback');
    expect(order).toEqual(['dead', 'callback', 'callback', 'next']);
  });

  it('delivers as many at once as its parallelism', async () => {
    const wide = await startTestQstash();
    wide.receiver.answer(async () => {
      await eventually(() => expect(wide.receiver.mostAtOnce()).toBe(3));
      return { status: 200 };
    });
    await wide.client.queue({ queueName: 'wide' }).upsert({ parallelism: 3 });
    const url = `${wide.receiver.url}/wide`;
    await wide.client.batch(numbers.map((body) => ({ queueName: 'wide', url, body })));
    await eventually(async () => expect(await wide.readState()).toMatchObject({ pending: 0 }));
    expect(wide.receiver.mostAtOnce()).toBe(3);
    await wide.stop();
  });

  it('keeps what comes while it is paused', async () => {
    const queue = qstash.client.queue({ queueName: 'paused' });
    await queue.pause();
    await enqueue('paused', ['x', 'y']);
    expect(await queue.get()).toMatchObject({ name: 'paused', paused: true, parallelism: 1, lag: 2 });
    expect(qstash.receiver.deliveries.some(({ path }) => path === '/paused')).toBe(false);
    await queue.resume();
    expect(await bodiesOf('/paused', 2)).toEqual(['x', 'y']);
    await eventually(async () => expect((await queue.get()).lag).toBe(0));
  });

  it('lets the next one go when the one that failed is cancelled', async () => {
    qstash.receiver.answer(({ body }) =>
      body === 'x' ? { status: 500, headers: { 'retry-after': '23h' } } : { status: 200 },
    );
    const [first = ''] = await enqueue('cancelled', ['x', 'y']);
    await eventually(async () => {
      const { logs } = await qstash.client.logs({ messageIds: [first] });
      expect(logs[0]?.state).toBe('RETRY');
    });
    await qstash.client.messages.cancel(first);
    expect(await bodiesOf('/cancelled', 2)).toEqual(['x', 'y']);
  });

  it('is listed, created by its first message, and takes its messages with it when deleted', async () => {
    const queue = qstash.client.queue({ queueName: 'doomed' });
    await queue.pause();
    const [messageId = ''] = await enqueue('doomed', ['x']);
    expect((await queue.list()).map(({ name }) => name)).toContain('doomed');
    await queue.delete();
    await expect(queue.get()).rejects.toMatchObject({ status: 404 });
    await expect(qstash.client.messages.get(messageId)).rejects.toMatchObject({ status: 404 });
  });

  it('refuses names and numbers that are none', async () => {
    await expect(qstash.client.queue({ queueName: 'a b' }).upsert({ parallelism: 1 })).rejects.toMatchObject({
      status: 400,
    });
    await expect(qstash.client.queue({ queueName: 'ok' }).upsert({ parallelism: 0 })).rejects.toMatchObject({
      status: 400,
    });
    const enqueued = qstash.client.queue({ queueName: 'a%20b' }).enqueue({ url: qstash.receiver.url });
    await expect(enqueued).rejects.toMatchObject({ status: 400 });
  });
});
