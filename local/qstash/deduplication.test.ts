import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

let qstash: TestQstash;

beforeAll(async () => {
  qstash = await startTestQstash({ timeScale: 1 });
});
afterAll(() => qstash.stop());

describe('deduplication', () => {
  it('by id answers 202 and the first message, whatever else is different', async () => {
    const path = `/v2/publish/${qstash.receiver.url}/id`;
    const headers = { 'Upstash-Deduplication-Id': 'one' };
    const first = await qstash.call('POST', path, { headers, body: 'a' });
    const second = await qstash.call('POST', path, { headers, body: 'b' });
    const { messageId } = (await first.json()) as { messageId: string };
    expect([first.status, second.status]).toEqual([200, 202]);
    expect(await second.json()).toEqual({ messageId, deduplicated: true });
    await eventually(async () => expect(await qstash.readState()).toMatchObject({ pending: 0 }));
    expect(qstash.receiver.deliveries.filter((delivery) => delivery.path === '/id')).toHaveLength(1);
  });

  it('by content looks at address, body, content type and forwarded headers', async () => {
    const base = { url: `${qstash.receiver.url}/content`, body: 'x', contentBasedDeduplication: true };
    const first = await qstash.client.publish(base);
    expect(await qstash.client.publish(base)).toEqual({ messageId: first.messageId, deduplicated: true });
    for (const other of [
      { ...base, url: `${base.url}?2` },
      { ...base, body: 'y' },
      { ...base, headers: { 'content-type': 'text/html' } },
      { ...base, headers: { 'x-one': '1' } },
    ]) {
      expect(await qstash.client.publish(other)).not.toHaveProperty('deduplicated');
    }
  });

  it('works inside one batch and over single items', async () => {
    const item = { url: `${qstash.receiver.url}/batch`, deduplicationId: 'batch' };
    const answers = await qstash.client.batchJSON([item, { ...item }]);
    expect(answers[1]).toEqual({ ...answers[0], deduplicated: true });
  });

  it('of two publishers at the same moment lets one through', async () => {
    const message = { url: `${qstash.receiver.url}/race`, deduplicationId: 'race' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => qstash.client.publish(message)));
    expect(new Set(answers.map(({ messageId }) => messageId)).size).toBe(1);
    expect(answers.filter((answer) => answer.deduplicated !== true)).toHaveLength(1);
  });

  it('ends after ten minutes, divided by the time scale', async () => {
    // Six seconds: two calls one after the other are surely inside of it.
    const fast = await startTestQstash({ timeScale: 100 });
    const message = { url: `${fast.receiver.url}/window`, deduplicationId: 'window' };
    const first = await fast.client.publish(message);
    expect(await fast.client.publish(message)).toMatchObject({ messageId: first.messageId, deduplicated: true });
    await eventually(async () => expect(await fast.client.publish(message)).not.toHaveProperty('deduplicated'));
    await fast.stop();
  });
});
