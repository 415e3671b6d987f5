import { createHmac } from 'node:crypto';
import n8nCore from 'n8n-core';
import type { IDataObject, IWebhookData, IWebhookResponseData } from 'n8n-workflow';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createAdditionalData, createWorkflow, type NodeRun } from './testing/engine.mts';
import { loadNodes, PACKAGE } from './testing/node-types.mts';
import { serveRouter, type ServedRouter } from './testing/servers.mts';

const { HookContext, WebhookContext } = n8nCore;

let served: ServedRouter;
let run: NodeRun;
let made: Awaited<ReturnType<typeof createWorkflow>>;

beforeAll(async () => {
  served = await serveRouter({ allowPrivateTargets: true });
});

afterAll(() => served.stop());

beforeEach(async () => {
  const parameters = { events: ['lead.assigned', 'lead.parked'], includeDetails: true };
  run = { type: 'switchyardTrigger', parameters, credentials: served.credentials };
  made = await createWorkflow(run);
});

const webhookData = (): IWebhookData =>
  ({
    node: 'Tested',
    httpMethod: 'POST',
    path: 'webhook',
    webhookId: 'a-webhook-of-the-test',
    workflowId: 'workflow-1',
    userId: '',
    workflowExecuteAdditionalData: createAdditionalData(run),
    webhookDescription: {
      name: 'default',
      httpMethod: 'POST',
      responseMode: 'onReceived',
      responseData: '',
      path: 'webhook',
    },
  }) as unknown as IWebhookData;

async function hook(name: 'checkExists' | 'create' | 'delete'): Promise<boolean | undefined> {
  const node = (await loadNodes())[`${PACKAGE}.switchyardTrigger`];
  const context = new HookContext(
    made.workflow,
    made.tested,
    createAdditionalData(run),
    'trigger',
    'activate',
    webhookData(),
  );
  await made.workflow.expression.acquireIsolate?.();
  try {
    return await node?.webhookMethods?.['default']?.[name]?.call(context);
  } finally {
    await made.workflow.expression.releaseIsolate?.();
  }
}

const memory = (): IDataObject => made.workflow.getStaticData('node', made.tested);
const event = (id: string, leadId: string) => ({
  id,
  topic: 'lead.parked',
  at: '2026-11-25T12:00:00Z',
  subscriptionId: 's',
  data: { leadId },
});

interface Sent {
  readonly body: object;
  readonly secret: string;
  readonly atMs?: number;
}

async function receive({ body, secret, atMs = Date.now() }: Sent): Promise<IWebhookResponseData & { status: number }> {
  const rawBody = Buffer.from(JSON.stringify(body));
  const id = (body as { id: string }).id;
  const timestamp = String(Math.floor(atMs / 1000));
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  let status = 200;
  const httpResponse = {
    status: (code: number) => {
      status = code;
      return { json: () => undefined };
    },
  };
  const additionalData = { ...createAdditionalData(run), httpRequest: { headers, rawBody, body }, httpResponse };
  const context = new WebhookContext(
    made.workflow,
    made.tested,
    additionalData as never,
    'trigger',
    webhookData(),
    [],
    null,
  );
  const node = (await loadNodes())[`${PACKAGE}.switchyardTrigger`];
  await made.workflow.expression.acquireIsolate?.();
  try {
    const answer = (await node?.webhook?.call(context)) as IWebhookResponseData;
    return { ...answer, status };
  } finally {
    await made.workflow.expression.releaseIsolate?.();
  }
}

it('subscribes at the router, finds its subscription again, and ends it', async () => {
  expect(await hook('checkExists')).toBe(false);
  expect(await hook('create')).toBe(true);
  expect(await hook('checkExists')).toBe(true);
  const { subscriptionId } = memory();
  const found = await served.router.send('GET', `/v1/subscriptions/${String(subscriptionId)}`);
  expect(await found.json()).toMatchObject({
    topics: ['lead.assigned', 'lead.parked'],
    targetUrl: expect.stringContaining('/webhook/a-webhook-of-the-test/webhook'),
  });
  expect(await hook('create')).toBe(true);
  expect(memory()['subscriptionId']).toBe(subscriptionId);
  expect(await hook('delete')).toBe(true);
  expect((await served.router.send('GET', `/v1/subscriptions/${String(subscriptionId)}`)).status).toBe(404);
  expect(memory()).toEqual({});
});

it('notices that its subscription is gone, or asks for other events', async () => {
  await hook('create');
  await served.router.send('DELETE', `/v1/subscriptions/${String(memory()['subscriptionId'])}`);
  expect(await hook('checkExists')).toBe(false);
  await hook('create');
  made.tested.parameters['events'] = ['drift.found'];
  made.workflow.nodes['Tested'] = made.tested;
  expect(await hook('checkExists')).toBe(false);
});

it('starts the workflow with an event and what it is about; the same event again starts nothing', async () => {
  await hook('create');
  const secret = String(memory()['secret']);
  const routed = await served.router.send('POST', '/v1/leads', { body: { source: 'web', postalCode: '00000' } });
  const { leadId } = (await routed.json()) as { leadId: string };
  const first = await receive({ body: event('evt-1', leadId), secret });
  expect(first.workflowData?.[0]).toMatchObject([
    { json: { topic: 'lead.parked', data: { leadId }, lead: { leadId, status: 'parked' } } },
  ]);
  const again = await receive({ body: event('evt-1', leadId), secret });
  expect(again).toMatchObject({ status: 200, webhookResponse: { status: 'duplicate' } });
  expect(again.workflowData).toBeUndefined();
});

it.each([
  ['another secret', { secret: `whsec_${Buffer.from('another').toString('base64')}` }],
  ['a time long ago', { atMs: Date.now() - 25 * 60 * 60 * 1000 }],
  ['a time to come', { atMs: Date.now() + 60 * 60 * 1000 }],
])('answers 401 to an event signed with %s', async (_name, forged) => {
  await hook('create');
  const answer = await receive({ body: event('evt-2', 'x'), secret: String(memory()['secret']), ...forged });
  expect(answer).toMatchObject({ status: 401, noWebhookResponse: true });
  expect(answer.workflowData).toBeUndefined();
});
