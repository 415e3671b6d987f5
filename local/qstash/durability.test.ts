import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { spawnQstash, startQstashProcess } from './testing/qstash-process.ts';
import { startReceiver, type Receiver } from './testing/receiver.ts';
import { createTestClient, TOKEN } from './testing/test-qstash.ts';

type QstashProcess = Awaited<ReturnType<typeof startQstashProcess>>;

const MESSAGES = 500;

let folder: string;
let file: string;
let receiver: Receiver;
let running: QstashProcess[] = [];
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qstash-'));
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

async function start(timeScale = 1_000) {
  const qstash = await startQstashProcess({ file, timeScale });
  running.push(qstash);
  const control = (path: string) =>
    fetch(`${qstash.url}/__test/${path}`, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` } });
  return { ...qstash, client: createTestClient(qstash.url), control };
}

const numbered = Array.from({ length: MESSAGES }, (_, n) => String(n));

function distinctBodies(): Set<string> {
  return new Set(receiver.deliveries.map(({ body }) => body));
}

describe('after kill -9 and a restart', () => {
  it('every acknowledged message is delivered', async () => {
    let delivered = 0;
    const killed = await start();
    receiver.answer(() => {
      if (++delivered === MESSAGES / 5) void killed.kill();
      return { status: 200 };
    });
    const url = `${receiver.url}/all`;
    const acknowledged: string[] = [];
    const publishing = numbered.map(async (body) => {
      await killed.client.publish({ url, body });
      acknowledged.push(body);
    });
    await Promise.allSettled(publishing);
    await killed.died;
    expect(acknowledged.length).toBeGreaterThan(0);
    await start();
    await eventually(() => expect([...distinctBodies()]).toEqual(expect.arrayContaining(acknowledged)));
  });

  it('a batch is there whole, and deliveries that were under way are repeated', async () => {
    const killed = await start();
    receiver.answer(() => new Promise<never>(() => undefined));
    await killed.client.batch(numbered.map((body) => ({ url: receiver.url, body })));
    const underWay = (await receiver.waitFor(100)).map(({ body }) => body);
    await killed.kill();
    receiver.answer(() => ({ status: 200 }));
    await start();
    await eventually(() => expect(distinctBodies().size).toBe(MESSAGES));
    const again = receiver.deliveries.slice(100).map(({ body }) => body);
    expect(again).toEqual(expect.arrayContaining(underWay));
  });

  it('delays, retries, queues, schedules, flow control, dead letters, deduplication and keys are as they were', async () => {
    const killed = await start(1);
    const { client } = killed;
    const delayed = await client.publish({ url: `${receiver.url}/delayed`, delay: '1h' });
    const notBefore = (await client.messages.get(delayed.messageId)).notBefore;
    receiver.answer(() => ({ status: 500, headers: { 'retry-after': '3600' } }));
    const retried = await client.publish({ url: `${receiver.url}/retried` });
    const dead = await client.publish({ url: `${receiver.url}/dead`, retries: 0, deduplicationId: 'once' });
    await client.queue({ queueName: 'line' }).upsert({ parallelism: 2, paused: true });
    await client.queue({ queueName: 'line' }).enqueue({ url: `${receiver.url}/queued` });
    const { scheduleId } = await client.schedules.create({ destination: receiver.url, cron: '0 0 1 1 *' });
    await client.flowControl.pin('key', { rate: 7, period: 3_600 });
    await eventually(async () => {
      const { logs } = await client.logs({ messageIds: [retried.messageId, dead.messageId] });
      expect(logs.map(({ state }) => state)).toEqual(expect.arrayContaining(['RETRY', 'FAILED']));
    });
    const rotated = await fetch(`${killed.url}/v2/keys/rotate?qstash_token=${TOKEN}`, { method: 'POST' });
    const keys: unknown = await rotated.json();
    await killed.kill();

    const { client: after, url } = await start(1);
    expect(await after.messages.get(delayed.messageId)).toMatchObject({ notBefore });
    expect((await after.logs({ messageIds: [retried.messageId] })).logs[0]?.state).toBe('RETRY');
    expect(receiver.deliveries.filter(({ path }) => path === '/retried')).toHaveLength(1);
    expect((await after.dlq.listMessages()).messages).toMatchObject([
      { messageId: dead.messageId, responseStatus: 500 },
    ]);
    expect(await after.publish({ url: `${receiver.url}/dead`, deduplicationId: 'once' })).toEqual({
      messageId: dead.messageId,
      deduplicated: true,
    });
    expect(await after.queue({ queueName: 'line' }).get()).toMatchObject({ parallelism: 2, paused: true, lag: 1 });
    expect(await after.schedules.get(scheduleId)).toMatchObject({ cron: '0 0 1 1 *' });
    expect(await after.flowControl.get('key')).toMatchObject({ rateMax: 7, ratePeriod: 3_600, isPinnedRate: true });
    expect(await (await fetch(`${url}/v2/keys?qstash_token=${TOKEN}`)).json()).toEqual(keys);
    await after.queue({ queueName: 'line' }).resume();
    expect(await receiver.waitFor(1, '/queued')).toHaveLength(1);
  });

  it('a rate that was used up stays used up', async () => {
    const killed = await start(1);
    const flowControl = { key: 'hourly', rate: 2, period: '1h' as const };
    await killed.client.batch(['a', 'b', 'c'].map((body) => ({ url: receiver.url, body, flowControl })));
    await receiver.waitFor(2);
    await eventually(async () =>
      expect(await killed.client.flowControl.get('hourly')).toMatchObject({ parallelismCount: 0 }),
    );
    await killed.kill();
    const { client } = await start(1);
    expect(await client.flowControl.get('hourly')).toMatchObject({ rateCount: 2, waitListSize: 1 });
    expect(receiver.deliveries).toHaveLength(2);
  });

  it('a queue stays in order, and behind a callback that is not delivered yet', async () => {
    const killed = await start();
    receiver.answer(({ path }) => (path === '/callback' ? new Promise<never>(() => undefined) : { status: 200 }));
    const queue = killed.client.queue({ queueName: 'line' });
    await queue.enqueue({ url: `${receiver.url}/line`, body: 'first', callback: `${receiver.url}/callback` });
    await queue.enqueue({ url: `${receiver.url}/line`, body: 'second' });
    await queue.enqueue({ url: `${receiver.url}/line`, body: 'third' });
    await receiver.waitFor(1, '/callback');
    await killed.kill();
    const order: string[] = [];
    receiver.answer(({ path, body }) => {
      order.push(path === '/callback' ? 'callback' : body);
      return { status: 200 };
    });
    await start();
    await receiver.waitFor(3, '/line');
    expect(order).toEqual(['callback', 'second', 'third']);
  });
});

describe('the fault that crashes', () => {
  it('kills the process between a success and its bookkeeping, so that the message comes again', async () => {
    const crashing = await start();
    await crashing.control('faults/crash');
    const { messageId } = await crashing.client.publish({ url: `${receiver.url}/twice` });
    expect(await crashing.died).toMatchObject({ signal: 'SIGKILL' });
    await start();
    const deliveries = await receiver.waitFor(2, '/twice');
    expect(deliveries.map(({ headers }) => headers['upstash-message-id'])).toEqual([messageId, messageId]);
  });
});

describe('the process', () => {
  it('stops cleanly when told to', async () => {
    const { stop } = await start();
    expect(await stop()).toMatchObject({ code: 0 });
  });

  it.each([
    [
      'a taken port',
      (taken: QstashProcess) => ({ file: ':memory:', port: taken.port }),
      /Port \d+ \(qstash\) is taken/,
    ],
    ['a file in use', () => ({ file }), /cannot open the QStash file .*locked/],
  ])('says in one line that it cannot have %s', async (_, options, message) => {
    const child = spawnQstash(options(await start()));
    if (child.stderr === null) throw new Error('no stderr');
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(message)]);
  });
});
