import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

let qstash: TestQstash;

beforeAll(async () => {
  qstash = await startTestQstash({ timeScale: 1 });
});
afterAll(() => qstash.stop());

async function createGroup(name: string, ...names: string[]): Promise<void> {
  const endpoints = names.map((endpoint) => ({ name: endpoint, url: `${qstash.receiver.url}/${name}/${endpoint}` }));
  await qstash.client.urlGroups.addEndpoints({ name, endpoints });
}

describe('a URL group', () => {
  it('gets one message for each endpoint', async () => {
    await createGroup('fan', 'a', 'b');
    const answers = await qstash.client.publishJSON({ urlGroup: 'fan', body: { n: 1 } });
    expect(answers.map(({ url }) => url)).toEqual(['a', 'b'].map((name) => `${qstash.receiver.url}/fan/${name}`));
    const [a] = await qstash.receiver.waitFor(1, '/fan/a');
    await qstash.receiver.waitFor(1, '/fan/b');
    expect(a?.headers).toMatchObject({ 'upstash-topic-name': 'fan', 'upstash-message-id': answers[0]?.messageId });
  });

  it('deduplicates each endpoint by itself', async () => {
    await createGroup('once', 'a', 'b');
    const first = await qstash.client.publish({ urlGroup: 'once', deduplicationId: 'x' });
    const second = await qstash.client.publish({ urlGroup: 'once', deduplicationId: 'x' });
    expect(first.some(({ deduplicated }) => deduplicated)).toBe(false);
    expect(second).toEqual(first.map(({ messageId, url }) => ({ messageId, url, deduplicated: true })));
  });

  it('names its endpoint in callbacks and dead letters', async () => {
    await createGroup('failing', 'only');
    qstash.receiver.answer(({ path }) => ({ status: path === '/failing/only' ? 500 : 200 }));
    await qstash.client.publish({ urlGroup: 'failing', retries: 0, callback: `${qstash.receiver.url}/group-callback` });
    const [callback] = await qstash.receiver.waitFor(1, '/group-callback');
    expect(JSON.parse(callback?.body ?? '{}')).toMatchObject({ topicName: 'failing', endpointName: 'only' });
    await eventually(async () => {
      const { messages } = await qstash.client.dlq.listMessages({ filter: { urlGroup: 'failing' } });
      expect(messages).toMatchObject([{ urlGroup: 'failing', endpointName: 'only' }]);
    });
  });

  it('changes with its endpoints and is gone with the last', async () => {
    await createGroup('shrinking', 'a', 'b');
    await qstash.client.urlGroups.addEndpoints({
      name: 'shrinking',
      endpoints: [{ name: 'a', url: `${qstash.receiver.url}/moved` }],
    });
    const { endpoints } = await qstash.client.urlGroups.get('shrinking');
    expect(endpoints.map(({ url }) => url)).toEqual([
      `${qstash.receiver.url}/shrinking/b`,
      `${qstash.receiver.url}/moved`,
    ]);
    await qstash.client.urlGroups.removeEndpoints({ name: 'shrinking', endpoints: [{ name: 'a' }] });
    expect((await qstash.client.urlGroups.list()).find(({ name }) => name === 'shrinking')?.endpoints).toHaveLength(1);
    await qstash.client.urlGroups.removeEndpoints({ name: 'shrinking', endpoints: [{ name: 'b' }] });
    await expect(qstash.client.urlGroups.get('shrinking')).rejects.toMatchObject({ status: 404 });
  });

  it('may set headers for all its messages, which a message may override', async () => {
    await createGroup('defaults', 'a');
    const body = JSON.stringify({ headers: { 'Upstash-Method': ['PUT'], 'Upstash-Forward-X-One': 'group' } });
    expect((await qstash.call('PATCH', '/v2/topics/defaults', { body })).status).toBe(200);
    await qstash.client.publish({ urlGroup: 'defaults', headers: { 'x-one': 'message' }, method: 'PATCH' });
    const [delivery] = await qstash.receiver.waitFor(1, '/defaults/a');
    expect(delivery).toMatchObject({ method: 'PATCH', headers: { 'x-one': 'message' } });
    await qstash.call('POST', '/v2/publish/defaults');
    const [, second] = await qstash.receiver.waitFor(2, '/defaults/a');
    expect(second).toMatchObject({ method: 'PUT', headers: { 'x-one': 'group' } });
  });

  it('refuses an endpoint that is no address', async () => {
    const wrong = qstash.client.urlGroups.addEndpoints({ name: 'wrong', endpoints: [{ url: 'nowhere' }] });
    await expect(wrong).rejects.toMatchObject({ status: 400 });
    await qstash.client.urlGroups.delete('fan');
    await expect(qstash.client.urlGroups.delete('fan')).rejects.toMatchObject({ status: 404 });
  });
});
