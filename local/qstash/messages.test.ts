import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

let qstash: TestQstash;

beforeAll(async () => {
  qstash = await startTestQstash();
});
afterAll(() => qstash.stop());
afterEach(() => qstash.client.messages.cancel({ all: true }));

const later = { url: 'https://api.example.com/leads?x=1', delay: '300d' as const };

async function readStates(messageId: string): Promise<string[]> {
  const { logs } = await qstash.client.logs({ messageIds: [messageId] });
  return logs.map(({ state }) => state);
}

describe('a message under way', () => {
  it('is shown as it was published', async () => {
    const { messageId } = await qstash.client.publishJSON({
      ...later,
      body: { hello: 'world' },
      headers: { 'test-header': 'test-value' },
      retries: 5,
      retryDelay: '1000 * retried',
      callback: 'https://example.com?foo=bar',
      label: ['a', 'b'],
      flowControl: { key: 'flow', rate: 5, period: '1d' },
    });
    expect(await qstash.client.messages.get(messageId)).toMatchObject({
      messageId,
      url: later.url,
      method: 'POST',
      header: { 'Content-Type': ['application/json'], 'Test-Header': ['test-value'] },
      body: '{"hello":"world"}',
      maxRetries: 5,
      retryDelayExpression: '1000 * retried',
      callback: 'https://example.com?foo=bar',
      label: 'a',
      labels: ['a', 'b'],
      flowControlKey: 'flow',
      rate: 5,
      ratePerSecond: 5,
      period: 86_400,
      callerIp: '127.0.0.1',
    });
  });

  it('is cancelled once, and never delivered', async () => {
    const { messageId } = await qstash.client.publish({ url: `${qstash.receiver.url}/cancelled`, delay: '60s' });
    expect(await qstash.client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
    await expect(qstash.client.messages.cancel(messageId)).rejects.toMatchObject({ status: 404 });
    await expect(qstash.client.messages.get(messageId)).rejects.toMatchObject({ status: 404 });
    expect(await readStates(messageId)).toEqual(['CANCELED', 'CANCEL_REQUESTED', 'CREATED']);
    expect(await qstash.readState()).toMatchObject({ pending: 0 });
  });

  it('that is cancelled during its delivery is not repeated', async () => {
    let answer: () => void = () => undefined;
    qstash.receiver.answer(() => new Promise((resolve) => (answer = () => resolve({ status: 500 }))));
    const { messageId } = await qstash.client.publish({ url: `${qstash.receiver.url}/late`, retryDelay: '1' });
    await qstash.receiver.waitFor(1, '/late');
    expect(await qstash.client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
    answer();
    await eventually(async () => expect(await qstash.readState()).toMatchObject({ pending: 0, inFlight: 0 }));
    expect(await readStates(messageId)).toEqual(['CANCELED', 'CANCEL_REQUESTED', 'ACTIVE', 'CREATED']);
    qstash.receiver.answer(() => ({ status: 200 }));
  });
});

describe('cancelling many', () => {
  it('takes ids, and answers how many there were', async () => {
    const answers = await qstash.client.batchJSON([{ ...later }, { ...later }, { ...later }]);
    const ids = answers.flat().map(({ messageId }) => messageId);
    expect(await qstash.client.messages.cancel(ids.slice(0, 2))).toEqual({ cancelled: 2 });
    expect(await qstash.client.messages.cancel([...ids, 'msg_unknown'])).toEqual({ cancelled: 1 });
  });

  it('takes filters, each of which narrows', async () => {
    const publish = (label: string, queueName?: string) =>
      qstash.client.batchJSON([{ ...later, label, ...(queueName !== undefined && { queueName }) }]);
    await publish('red');
    await publish('red', 'line');
    await publish('blue', 'line');
    expect(await qstash.client.messages.cancel({ filter: { label: 'green' } })).toEqual({ cancelled: 0 });
    expect(await qstash.client.messages.cancel({ filter: { label: 'red', queueName: 'line' } })).toEqual({
      cancelled: 1,
    });
    expect(await qstash.client.messages.cancel({ filter: { host: 'api.example.com', path: '/leads' } })).toEqual({
      cancelled: 2,
    });
  });

  it('takes all of them, more than a page', async () => {
    await qstash.client.batchJSON(Array.from({ length: 150 }, () => ({ ...later })));
    expect(await qstash.client.messages.cancel({ all: true })).toEqual({ cancelled: 150 });
  });

  it('refuses a filter it does not know rather than cancel everything', async () => {
    const { messageId } = await qstash.client.publish(later);
    expect((await qstash.call('DELETE', '/v2/messages?lable=red')).status).toBe(400);
    expect(await qstash.client.messages.get(messageId)).toMatchObject({ messageId });
  });
});

describe('the log', () => {
  it('tells a message story, newest first', async () => {
    let attempts = 0;
    qstash.receiver.answer(() => ({ status: ++attempts === 1 ? 503 : 200, body: 'busy' }));
    const { messageId } = await qstash.client.publish({ url: `${qstash.receiver.url}/story`, body: 'x' });
    await eventually(async () => expect((await readStates(messageId))[0]).toBe('DELIVERED'));
    expect(await readStates(messageId)).toEqual(['DELIVERED', 'ACTIVE', 'RETRY', 'ERROR', 'ACTIVE', 'CREATED']);
    const { logs } = await qstash.client.logs({ filter: { messageId, state: 'ERROR' } });
    expect(logs).toMatchObject([
      {
        url: `${qstash.receiver.url}/story`,
        body: Buffer.from('x').toString('base64'),
        error: expect.stringContaining('503'),
        responseStatus: 503,
        responseBody: Buffer.from('busy').toString('base64'),
      },
    ]);
    const [retry] = (await qstash.client.logs({ filter: { messageId, state: 'RETRY' } })).logs;
    expect(retry?.nextDeliveryTime).toBeGreaterThan(logs[0]?.time ?? Number.NaN);
  });

  it('is read page by page, and refuses filters it does not know', async () => {
    await qstash.client.batchJSON(Array.from({ length: 5 }, () => ({ ...later, label: 'paged' })));
    const first = await qstash.client.logs({ filter: { label: 'paged' }, count: 3 });
    const second = await qstash.client.logs({ filter: { label: 'paged' }, count: 3, cursor: first.cursor ?? '' });
    expect([first.logs.length, second.logs.length, second.cursor]).toEqual([3, 2, undefined]);
    const documented = await (await qstash.call('GET', '/v2/logs?label=paged&count=1')).json();
    expect(documented).toMatchObject({ logs: [{ state: 'CREATED' }] });
    expect((await qstash.call('GET', '/v2/events?colour=red')).status).toBe(400);
  });
});

describe('redacted fields', () => {
  it('are hashes everywhere in the API and the original in the delivery', async () => {
    const redact = { body: true as const, header: ['Authorization'] };
    const headers = { Authorization: 'Bearer secret', 'x-open': 'seen' };
    const hash = (text: string): string => `REDACTED:${createHash('sha256').update(text).digest('hex')}`;
    const request = { url: `${qstash.receiver.url}/redacted`, body: 'secret', headers, redact };
    const { messageId } = await qstash.client.publish({ ...request, delay: '200s' });
    expect(await qstash.client.messages.get(messageId)).toMatchObject({
      body: hash('secret'),
      header: { Authorization: [hash('Bearer secret')], 'X-Open': ['seen'] },
    });
    const { scheduleId } = await qstash.client.schedules.create({
      destination: later.url,
      cron: '0 0 1 1 *',
      ...request,
    });
    expect(await qstash.client.schedules.get(scheduleId)).toMatchObject({ body: hash('secret') });
    const [delivery] = await qstash.receiver.waitFor(1, '/redacted');
    expect(delivery).toMatchObject({ body: 'secret', headers: { authorization: 'Bearer secret' } });
  });
});
