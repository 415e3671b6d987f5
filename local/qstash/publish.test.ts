import { Receiver, type QstashError } from '@upstash/qstash';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startTestQstash,
  TOKEN,
  createTestClient,
  CURRENT_SIGNING_KEY,
  NEXT_SIGNING_KEY,
} from './testing/test-qstash.ts';
import type { Delivery } from './testing/receiver.ts';

let qstash: Awaited<ReturnType<typeof startTestQstash>>;
const verifier = new Receiver({ currentSigningKey: CURRENT_SIGNING_KEY, nextSigningKey: NEXT_SIGNING_KEY });

beforeAll(async () => {
  qstash = await startTestQstash();
});
afterAll(() => qstash.stop());

async function receive(path: string): Promise<Delivery> {
  const [delivery] = await qstash.receiver.waitFor(1, path);
  if (delivery === undefined) throw new Error('unreachable');
  return delivery;
}

describe('a published message', () => {
  it('is delivered byte for byte with its headers and a signature the vendor receiver accepts', async () => {
    const url = `${qstash.receiver.url}/json?tenant=7&q=a%20b`;
    const { messageId } = await qstash.client.publishJSON({
      url,
      body: { name: 'Grüße', count: 1 },
      headers: { 'x-tenant': '7', Authorization: 'Bearer theirs' },
    });
    const delivery = await receive('/json?tenant=7&q=a%20b');
    expect(delivery).toMatchObject({ method: 'POST', body: '{"name":"Grüße","count":1}' });
    expect(delivery.headers).toMatchObject({
      'content-type': 'application/json',
      'x-tenant': '7',
      authorization: 'Bearer theirs',
      'user-agent': 'Upstash-QStash',
      'upstash-message-id': messageId,
      'upstash-retried': '0',
      'upstash-caller-ip': '127.0.0.1',
      'upstash-region': 'EU-CENTRAL-1',
    });
    const signature = delivery.headers['upstash-signature'] ?? '';
    await expect(verifier.verify({ signature, body: delivery.body, url })).resolves.toBe(true);
    await expect(verifier.verify({ signature, body: `${delivery.body} `, url })).rejects.toThrow(/body hash/);
    await expect(verifier.verify({ signature, body: delivery.body, url: qstash.receiver.url })).rejects.toThrow(
      /subject/,
    );
  });

  it('may be bytes that are no text', async () => {
    const bytes = Buffer.from([0, 255, 254, 10]);
    await qstash.client.publish({ url: `${qstash.receiver.url}/bytes`, body: new Blob([bytes]) });
    expect((await receive('/bytes')).bytes).toEqual(bytes);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE'] as const)('is sent as a %s', async (method) => {
    await qstash.client.publish({ url: `${qstash.receiver.url}/${method}`, method, body: 'x' });
    const delivery = await receive(`/${method}`);
    expect(delivery.method).toBe(method);
    const signature = delivery.headers['upstash-signature'] ?? '';
    await expect(verifier.verify({ signature, body: delivery.body })).resolves.toBe(true);
  });

  it('takes its options from lower-case query parameters too, which do not reach the destination', async () => {
    const path = `/v2/publish/${qstash.receiver.url}/query?keep=1&upstash-forward-x-one=1&upstash-method=PUT`;
    expect((await qstash.call('POST', path, { body: 'x' })).status).toBe(200);
    expect(await receive('/query?keep=1')).toMatchObject({ method: 'PUT', headers: { 'x-one': '1' } });
  });

  it('may be addressed to an encoded destination', async () => {
    const path = `/v2/publish/${encodeURIComponent(`${qstash.receiver.url}/encoded?a=1`)}`;
    expect((await qstash.call('POST', path)).status).toBe(200);
    expect((await receive('/encoded?a=1')).body).toBe('');
  });

  it('brings every header along with Upstash-Header-Forward, except the token', async () => {
    const headers = { 'upstash-header-forward': 'true', 'x-any': 'thing' };
    await qstash.call('POST', `/v2/publish/${qstash.receiver.url}/forwarded`, { headers });
    const delivery = await receive('/forwarded');
    expect(delivery.headers).toMatchObject({ 'x-any': 'thing' });
    expect(delivery.headers).not.toHaveProperty('authorization');
  });
});

describe('a delayed message', () => {
  it('waits for its delay, divided by the time scale', async () => {
    const publishedAtMs = Date.now();
    const { messageId } = await qstash.client.publish({ url: `${qstash.receiver.url}/delay`, delay: 100 });
    expect((await qstash.client.messages.get(messageId)).notBefore).toBeGreaterThanOrEqual(publishedAtMs + 100);
    expect((await receive('/delay')).atMs).toBeGreaterThanOrEqual(publishedAtMs + 100);
  });

  it('waits until its time, which wins over a delay', async () => {
    const publishedAtMs = Date.now();
    const notBefore = Math.ceil(publishedAtMs / 1_000) + 150;
    await qstash.client.publish({ url: `${qstash.receiver.url}/not-before`, notBefore, delay: '30d' });
    expect((await receive('/not-before')).atMs).toBeGreaterThanOrEqual(publishedAtMs + 150);
  });

  it('goes at once when its time has passed', async () => {
    await qstash.client.publish({ url: `${qstash.receiver.url}/past`, notBefore: 1_000_000_000 });
    expect((await receive('/past')).body).toBe('');
  });
});

describe('a batch', () => {
  it('publishes every item and answers each in its place', async () => {
    const answers = await qstash.client.batchJSON([
      { url: `${qstash.receiver.url}/batch`, body: { n: 1 } },
      { url: `${qstash.receiver.url}/batch`, body: { n: 2 }, queueName: 'batch-queue' },
      { url: 'ftp://example.com', body: { n: 3 } },
    ]);
    expect(answers).toEqual([
      { messageId: expect.stringMatching(/^msg_/) },
      { messageId: expect.stringMatching(/^msg_/) },
      { error: 'invalid destination url: endpoint has invalid scheme, add http:// or https://' },
    ]);
    const bodies = (await qstash.receiver.waitFor(2, '/batch')).map(({ body }) => body);
    expect(bodies.sort()).toEqual(['{"n":1}', '{"n":2}']);
  });

  it('is refused whole when it is none', async () => {
    expect((await qstash.call('POST', '/v2/batch', { body: '{}' })).status).toBe(400);
    expect((await qstash.call('POST', '/v2/batch', { body: 'nonsense' })).status).toBe(400);
  });
});

describe('what is refused', () => {
  it.each([
    [{ url: 'example.com/x' }, 400, /invalid scheme/],
    [{ url: 'http://:80' }, 400, /invalid url/],
    [{ urlGroup: 'nobody' }, 404, /topic nobody not found/],
    [{ url: 'https://example.com', retries: -1 }, 400, /Upstash-Retries/],
    [{ url: 'https://example.com', retryDelay: 'process.exit()' }, 400, /retry delay/],
    [{ url: 'https://example.com', callback: 'nowhere' }, 400, /callback/],
  ])('%j', async (request, status, message) => {
    const failure = qstash.client.publish(request as { url: string }).catch((error: unknown) => error as QstashError);
    expect(await failure).toMatchObject({ name: 'QstashError', status, message: expect.stringMatching(message) });
  });

  it('a call without the right token, though it may come in the query', async () => {
    const stranger = createTestClient(qstash.url, 'wrong');
    await expect(stranger.schedules.list()).rejects.toMatchObject({
      status: 401,
      message: expect.stringMatching(/"unable to authenticate: invalid token"/),
    });
    expect((await fetch(`${qstash.url}/v2/keys`)).status).toBe(401);
    expect((await fetch(`${qstash.url}/v2/keys?qstash_token=${TOKEN}`)).status).toBe(200);
  });

  it('an unknown path, a message too long', async () => {
    expect((await qstash.call('GET', '/v2/nothing')).status).toBe(404);
    const tooLong = 'x'.repeat(10_485_761);
    expect((await qstash.call('POST', `/v2/publish/${qstash.receiver.url}/big`, { body: tooLong })).status).toBe(413);
  });
});
