import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

let qstash: TestQstash;

beforeEach(async () => {
  qstash = await startTestQstash();
});
afterEach(() => qstash.stop());

function publishMany(count: number) {
  return qstash.client.batch(
    Array.from({ length: count }, (_, n) => ({ url: `${qstash.receiver.url}/many`, body: String(n) })),
  );
}

describe('the test controls', () => {
  it('deliver the next messages twice', async () => {
    await qstash.control('faults/duplicate?count=2');
    await publishMany(3);
    const deliveries = await qstash.receiver.waitFor(5);
    const ids = deliveries.map(({ headers }) => headers['upstash-message-id']);
    expect(new Set(ids).size).toBe(3);
    await eventually(async () => expect(await qstash.readState()).toMatchObject({ pending: 0 }));
    expect(qstash.receiver.deliveries).toHaveLength(5);
  });

  it('forget a success, so that the message comes again as if it had never been delivered', async () => {
    await qstash.control('faults/forget');
    const { messageId } = await qstash.client.publish({ url: `${qstash.receiver.url}/forgotten` });
    const deliveries = await qstash.receiver.waitFor(2, '/forgotten');
    const seen = deliveries.map(({ headers }) => [headers['upstash-message-id'], headers['upstash-retried']]);
    expect(seen).toEqual([
      [messageId, '0'],
      [messageId, '0'],
    ]);
  });

  it('hold every delivery back, and let them go in another order', async () => {
    await qstash.control('pause');
    await qstash.control('reorder');
    await publishMany(20);
    expect(await qstash.readState()).toMatchObject({ pending: 20, inFlight: 0 });
    await qstash.control('resume');
    const bodies = (await qstash.receiver.waitFor(20)).map(({ body }) => Number(body));
    expect(bodies).not.toEqual([...bodies].sort((a, b) => a - b));
    expect(new Set(bodies).size).toBe(20);
  });

  it('refuse what they do not know', async () => {
    expect((await qstash.call('POST', '/__test/faults/fire')).status).toBe(400);
    expect((await qstash.call('POST', '/__test/faults/forget?count=many')).status).toBe(400);
    expect((await qstash.call('POST', '/__test/schedules/none/fire')).status).toBe(404);
    expect((await fetch(`${qstash.url}/__test/state`)).status).toBe(401);
  });
});
