import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

let qstash: TestQstash;

beforeEach(async () => {
  qstash = await startTestQstash({ timeScale: 10 });
});
afterEach(() => qstash.stop());

function publishMany(
  count: number,
  flowControl: { key: string; parallelism: number } | { key: string; rate: number; period: number },
) {
  const url = `${qstash.receiver.url}/${flowControl.key}`;
  return qstash.client.batch(Array.from({ length: count }, (_, n) => ({ url, body: String(n), flowControl })));
}

async function drain(): Promise<void> {
  await eventually(async () => expect(await qstash.readState()).toMatchObject({ pending: 0 }));
}

describe('flow control', () => {
  it('never has more calls under way than the parallelism of the key, and uses all of it', async () => {
    qstash.receiver.answer(async () => {
      await eventually(() => expect(qstash.receiver.mostAtOnce()).toBe(4), { intervalMs: 1 });
      return { status: 200 };
    });
    await publishMany(60, { key: 'parallel', parallelism: 4 });
    await drain();
    expect(qstash.receiver.deliveries).toHaveLength(60);
    expect(qstash.receiver.mostAtOnce()).toBe(4);
  });

  it('starts no more calls in a period than the rate', async () => {
    const startedAtMs = Date.now();
    await publishMany(12, { key: 'rate', rate: 3, period: 2 });
    const deliveries = await qstash.receiver.waitFor(12);
    // 2 s scaled by 10: four periods of 200 ms, of which the last need not pass.
    const times = deliveries.map(({ atMs }) => atMs - startedAtMs);
    expect(times.at(-1)).toBeGreaterThanOrEqual(600);
  });

  it('does not let one key hold up another', async () => {
    qstash.receiver.answer(({ path }) => (path === '/stuck' ? new Promise<never>(() => undefined) : { status: 200 }));
    await publishMany(300, { key: 'stuck', parallelism: 2 });
    await publishMany(5, { key: 'free', parallelism: 1 });
    expect(await qstash.receiver.waitFor(5, '/free')).toHaveLength(5);
    expect(await qstash.client.flowControl.get('stuck')).toMatchObject({
      waitListSize: 298,
      parallelismMax: 2,
      parallelismCount: 2,
    });
    await eventually(async () => {
      const global = await qstash.client.flowControl.getGlobalParallelism();
      expect(global).toEqual({ parallelismMax: 100, parallelismCount: 2 });
    });
  });

  it('shows every number of a key, before its first delivery too', async () => {
    await qstash.client.publish({
      url: qstash.receiver.url,
      delay: '10d',
      flowControl: { key: 'shown', parallelism: 5, rate: 10, period: '1m' },
    });
    expect(await qstash.client.flowControl.get('shown')).toEqual({
      flowControlKey: 'shown',
      waitListSize: 0,
      parallelismMax: 5,
      parallelismCount: 0,
      rateMax: 10,
      rateCount: 0,
      ratePeriod: 60,
      ratePeriodStart: 0,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
    });
    await expect(qstash.client.flowControl.get('unknown')).rejects.toMatchObject({ status: 404 });
  });

  it('counts what was dispatched in the period, until it is reset', async () => {
    await publishMany(3, { key: 'reset', rate: 2, period: 600 });
    await qstash.receiver.waitFor(2);
    expect(await qstash.client.flowControl.get('reset')).toMatchObject({ rateCount: 2, waitListSize: 1 });
    await qstash.client.flowControl.resetRate('reset');
    expect(await qstash.receiver.waitFor(3)).toHaveLength(3);
  });

  it('holds a paused key, known or not, until it is resumed', async () => {
    await qstash.client.flowControl.pause('held');
    await publishMany(2, { key: 'held', parallelism: 5 });
    await eventually(async () => {
      expect(await qstash.client.flowControl.get('held')).toMatchObject({ isPaused: true, waitListSize: 2 });
    });
    expect(qstash.receiver.deliveries).toEqual([]);
    await qstash.client.flowControl.resume('held');
    expect(await qstash.receiver.waitFor(2)).toHaveLength(2);
  });

  it('keeps a pinned limit whatever later messages say, until it is unpinned', async () => {
    const later = { url: qstash.receiver.url, delay: '10d' as const };
    await qstash.client.flowControl.pin('pin', { parallelism: 3, rate: 20, period: 120 });
    await qstash.client.publish({ ...later, flowControl: { key: 'pin', parallelism: 50, rate: 60, period: '1s' } });
    const pinned = { parallelismMax: 3, rateMax: 20, ratePeriod: 120, isPinnedParallelism: true, isPinnedRate: true };
    expect(await qstash.client.flowControl.get('pin')).toMatchObject(pinned);
    await qstash.client.flowControl.unpin('pin', { parallelism: true });
    expect(await qstash.client.flowControl.get('pin')).toMatchObject({ ...pinned, isPinnedParallelism: false });
    await qstash.client.publish({ ...later, flowControl: { key: 'pin', parallelism: 50, rate: 60, period: '1s' } });
    expect(await qstash.client.flowControl.get('pin')).toMatchObject({ parallelismMax: 50, rateMax: 20 });
    await expect(qstash.client.flowControl.pin('pin', { parallelism: -1 })).rejects.toMatchObject({ status: 400 });
  });

  it('follows the newest message', async () => {
    await qstash.client.flowControl.pause('newest');
    await publishMany(1, { key: 'newest', parallelism: 1 });
    await publishMany(1, { key: 'newest', parallelism: 7 });
    expect(await qstash.client.flowControl.get('newest')).toMatchObject({ parallelismMax: 7, waitListSize: 2 });
  });
});
