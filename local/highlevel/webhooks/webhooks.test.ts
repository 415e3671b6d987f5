import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startReceiver, type Delivery, type Receiver } from '../../qstash/testing/receiver.ts';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

/** 10 s of backoff last 10 ms. */
const TIME_SCALE = 1000;

let sandbox: TestSandbox;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
  sandbox = await startTestSandbox({ settings: { timeScale: TIME_SCALE, app: { installDelayMs: 0 } } });
  await sandbox.admin('PATCH', 'settings', {
    app: { webhookUrl: `${receiver.url}/app` },
    webhooks: { duplicateEvery: 0, holdEvery: 0 },
  });
});
afterEach(async () => {
  await sandbox.stop();
  await receiver.stop();
});

type Event = { type: string; webhookId: string; [name: string]: unknown };

function read({ body }: Delivery): Event {
  return JSON.parse(body) as Event;
}

function emit(n: number) {
  const { template: locationId } = sandbox.brandIds;
  return sandbox.admin('POST', 'webhooks', { type: 'OutboundMessage', payload: { locationId, body: String(n) } });
}

describe('a webhook', () => {
  it('is signed over the bytes of its body, and says when, which and for whom', async () => {
    await emit(1);
    const [delivery] = await receiver.waitFor(1);
    if (delivery === undefined) throw new Error('nothing was delivered');
    const key = createPublicKey(sandbox.webhookPublicKey);
    const signature = Buffer.from(delivery.headers['x-ghl-signature'] ?? '', 'base64');
    expect(signature).toHaveLength(64);
    expect(verify(null, delivery.bytes, key, signature)).toBe(true);
    expect(verify(null, Buffer.concat([delivery.bytes, Buffer.from(' ')]), key, signature)).toBe(false);
    expect(read(delivery)).toEqual({
      type: 'OutboundMessage',
      locationId: sandbox.brandIds.template,
      body: '1',
      timestamp: expect.stringMatching(/^\d{4}-/),
      webhookId: expect.any(String),
      appId: sandbox.app.id,
      versionId: sandbox.app.versionId,
    });
  });

  it.each([500, 429, 401, 302])(
    'that is answered with %i comes again, the same, until it is accepted',
    async (status) => {
      receiver.answer(() => ({ status: receiver.deliveries.length < 3 ? status : 204 }));
      await emit(1);
      const [first, ...repeated] = await receiver.waitFor(3);
      expect(repeated.map(({ body }) => body)).toEqual([first?.body, first?.body]);
      await expect.poll(async () => (await sandbox.admin('GET', 'webhooks')).counts).toMatchObject({ delivered: 1 });
    },
  );

  it('is given up after the last retry', async () => {
    await sandbox.admin('PATCH', 'settings', { webhooks: { maxRetries: 3, backoffMs: 1000 } });
    receiver.answer(() => ({ status: 503 }));
    await emit(1);
    await expect
      .poll(async () => (await sandbox.admin('GET', 'webhooks')).webhooks[0])
      .toMatchObject({
        status: 'given-up',
        attempts: 4,
        lastStatus: 503,
      });
    expect(receiver.deliveries).toHaveLength(4);
  });

  it('waits longer before each retry', async () => {
    receiver.answer(() => ({ status: receiver.deliveries.length < 5 ? 500 : 200 }));
    await emit(1);
    const times = (await receiver.waitFor(5)).map(({ atMs }) => atMs);
    const first = (times[1] ?? 0) - (times[0] ?? 0);
    const last = (times[4] ?? 0) - (times[3] ?? 0);
    expect([first >= 9, last >= 79]).toEqual([true, true]);
  });

  it('may come twice and out of order', async () => {
    await sandbox.admin('PATCH', 'settings', { webhooks: { duplicateEvery: 3, holdEvery: 4, holdMs: 300_000 } });
    for (let n = 0; n < 12; n++) await emit(n);
    // The template's INSTALL was emitted first, before there was an address.
    await expect
      .poll(async () => (await sandbox.admin('GET', 'webhooks')).counts)
      .toEqual({ delivered: 16, unsent: 1 });
    const numbers = receiver.deliveries.map((delivery) => Number(read(delivery)['body']));
    expect(new Set(numbers).size).toBe(12);
    expect(numbers).toHaveLength(16);
    expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(receiver.deliveries.map((delivery) => read(delivery).webhookId)).size).toBe(12);
  });

  it('without an address is kept as unsent and goes nowhere', async () => {
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: null } });
    await emit(1);
    const { webhooks } = await sandbox.admin('GET', 'webhooks');
    expect(webhooks[0]).toMatchObject({ type: 'OutboundMessage', status: 'unsent', attempts: 0 });
    expect(receiver.deliveries).toEqual([]);
  });
});

describe('what is told', () => {
  it('the app hears of its installation in a new sub-account, and not of the sub-account itself', async () => {
    const locationId = await sandbox.createLocation();
    const [delivery] = await receiver.waitFor(1);
    expect(delivery === undefined ? undefined : read(delivery)).toMatchObject({
      type: 'INSTALL',
      installType: 'Location',
      locationId,
      companyId: sandbox.brandIds.company,
      appId: sandbox.app.id,
    });
    expect(receiver.deliveries).toHaveLength(1);
  });

  it("an agency's own app hears of sub-accounts, once it has an address", async () => {
    await sandbox.admin('PATCH', 'settings', { agencyApp: { webhookUrl: `${receiver.url}/agency` } });
    const id = await sandbox.createLocation({ name: 'Otterbrook Lynn' });
    const body = { companyId: sandbox.brandIds.company, name: 'Otterbrook Nahant' };
    await sandbox.call('PUT', `/locations/${id}`, { body });
    const events = (await receiver.waitFor(2, '/agency')).map(read);
    expect(events.map(({ type, name }) => [type, name])).toEqual([
      ['LocationCreate', 'Otterbrook Lynn'],
      ['LocationUpdate', 'Otterbrook Nahant'],
    ]);
    expect(events[0]).not.toHaveProperty('appId');
  });

  it('nothing of a sub-account that lacks the app', async () => {
    await sandbox.admin('PATCH', 'settings', { app: { installToFutureLocations: false } });
    const locationId = await sandbox.createLocation();
    await sandbox.admin('POST', 'webhooks', { type: 'ContactCreate', payload: { locationId } });
    await emit(2);
    const [delivery] = await receiver.waitFor(1);
    expect(delivery === undefined ? undefined : read(delivery)['body']).toBe('2');
  });
});
