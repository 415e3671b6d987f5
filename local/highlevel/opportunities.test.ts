import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

let sandbox: TestSandbox;
let locationId: string;
let token: string;
let pipeline: { id: string; stages: { id: string; name: string }[] };
let contacts = 0;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  locationId = sandbox.brandIds.template;
  token = await sandbox.locationToken();
  const { json } = await sandbox.call('GET', `/opportunities/pipelines?locationId=${locationId}`, { token });
  pipeline = json.pipelines[0];
});
afterAll(() => sandbox.stop());

let contactId: string;
beforeEach(async () => {
  contacts += 1;
  const body = { locationId, email: `o${contacts}@example.com`, firstName: 'Oda' };
  contactId = (await sandbox.call('POST', '/contacts/upsert', { token, body })).json.contact.id;
});

function create(fields: Record<string, unknown> = {}) {
  const body = { pipelineId: pipeline.id, locationId, name: 'A leak', status: 'open', contactId, ...fields };
  return sandbox.call('POST', '/opportunities/', { token, body });
}

function find(query: string) {
  return sandbox.call('GET', `/opportunities/search?location_id=${locationId}&${query}`, { token });
}

describe('an opportunity', () => {
  it('stands in the first stage unless told otherwise, and a contact has one in a pipeline', async () => {
    const { status, json } = await create();
    expect([status, json.opportunity]).toMatchObject([
      201,
      { pipelineStageId: pipeline.stages[0]?.id, status: 'open', contact: { id: contactId, name: 'Oda' } },
    ]);
    expect((await create()).status).toBe(400);
    expect((await find(`contact_id=${contactId}`)).json).toMatchObject({ meta: { total: 1 } });
  });

  it('moves, is won, and is told of at each step', async () => {
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: 'http://127.0.0.1:9/unheard' } });
    const { id } = (await create()).json.opportunity;
    const path = `/opportunities/${id}`;
    const body = { pipelineStageId: pipeline.stages[2]?.id, monetaryValue: 250 };
    expect((await sandbox.call('PUT', path, { token, body })).json.opportunity).toMatchObject(body);
    const won = await sandbox.call('PUT', `${path}/status`, { token, body: { status: 'won' } });
    expect(won.json).toMatchObject({ succeded: true });
    expect((await sandbox.call('GET', path, { token })).json.opportunity).toMatchObject({
      status: 'won',
      name: 'A leak',
    });
    expect((await sandbox.call('DELETE', path, { token })).json).toMatchObject({ succeded: true });
    expect((await sandbox.call('GET', path, { token })).status).toBe(400);
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: null } });
    const { webhooks } = await sandbox.admin('GET', 'webhooks?limit=200');
    const types = new Set(webhooks.map(({ type }: { type: string }) => type));
    for (const step of ['Create', 'StageUpdate', 'MonetaryValueUpdate', 'StatusUpdate', 'Delete']) {
      expect(types).toContain(`Opportunity${step}`);
    }
  });

  it('of an unknown pipeline, a stage of another, a foreign contact or with status all is refused', async () => {
    expect((await create({ pipelineId: 'nope' })).status).toBe(400);
    expect((await create({ pipelineStageId: 'nope' })).status).toBe(400);
    expect((await create({ contactId: 'nope' })).status).toBe(400);
    expect((await create({ status: 'all' })).status).toBe(400);
    expect((await create({ value: 5 })).status).toBe(422);
    expect((await find(`contact_id=${contactId}`)).json.meta.total).toBe(0);
  });
});

it('a search pages, and knows its parameters in snake_case only', async () => {
  await create({ name: 'Paged one' });
  await create({ name: 'Paged two', pipelineId: (await listPipelines())[1]?.id });
  const { json } = await find('q=paged&limit=1');
  expect(json.meta).toMatchObject({ total: 2, currentPage: 1, nextPage: 2 });
  const next = await find(`q=paged&limit=1&startAfterId=${json.meta.startAfterId}&startAfter=${json.meta.startAfter}`);
  expect(next.json.opportunities[0].name).not.toBe(json.opportunities[0].name);
  expect((await find('q=paged&limit=101')).status).toBe(400);
  const camel = await sandbox.call('GET', `/opportunities/search?locationId=${locationId}`, { token });
  expect(camel.status).toBe(422);
});

async function listPipelines(): Promise<{ id: string }[]> {
  return (await sandbox.call('GET', `/opportunities/pipelines?locationId=${locationId}`, { token })).json.pipelines;
}

it('a payment provider is connected and disconnected without its keys being kept', async () => {
  const at = (path: string) => `/payments/custom-provider/${path}?locationId=${locationId}`;
  const provider = {
    name: 'House Bank',
    description: 'Pays on the spot',
    paymentsUrl: 'https://pay.example.com/checkout',
    queryUrl: 'https://pay.example.com/query',
    imageUrl: 'https://pay.example.com/logo.png',
    supportsSubscriptionSchedule: false,
  };
  expect((await sandbox.call('GET', at('connect'), { token })).status).toBe(400);
  await sandbox.call('POST', at('provider'), { token, body: provider });
  const keys = { apiKey: 'secret-key-1', publishableKey: 'public-key-1' };
  const body = { live: keys, test: keys };
  const connected = await sandbox.call('POST', at('connect'), { token, body });
  expect(connected.json).toMatchObject({ name: 'House Bank', paymentProvider: { live: true, test: true } });
  await sandbox.call('POST', at('disconnect'), { token, body: { liveMode: true } });
  expect((await sandbox.call('GET', at('connect'), { token })).json.paymentProvider).toEqual({
    live: false,
    test: true,
  });
  expect(JSON.stringify(await sandbox.admin('GET', 'export'))).not.toContain('secret-key-1');
  expect((await sandbox.call('DELETE', at('provider'), { token })).json).toMatchObject({ success: true });
});
