import { createHmac, randomUUID } from 'node:crypto';
import { beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../local/testing/eventually.ts';
import { listExecutions, waitForExecution } from './testing/execution.ts';
import { copyWorkflow, publish, readTriggerMemory, type WorkflowNode } from './testing/n8n.ts';
import { provideActiveLocations } from './testing/provide-locations.ts';
import { provideForgottenLead, provideTroubles } from './testing/provide-troubles.ts';
import { askRouter } from './testing/stack.ts';
import { TRIGGER_IDS, WORKFLOWS } from './testing/workflows.ts';

const TRIGGER = 'Something Needs a Person';

/** An event goes from the outbox through QStash to n8n. */
const EVENT_TIMEOUT_MS = 60_000;

beforeAll(() => publish(WORKFLOWS.alert));

/** The shortest time to act is a minute, and its message comes by QStash. */
const SLA_TIMEOUT_MS = 150_000;

/** No location offers this, so nobody can take it. */
const nobodysLead = { source: 'e2e', postalCode: '36606', service: 'moon-landing' };

async function findMessages(workflowId: string = WORKFLOWS.alert): Promise<Record<string, unknown>[]> {
  const ids = await listExecutions(workflowId);
  const executions = await Promise.all(ids.map((id) => waitForExecution(id)));
  return executions.flatMap((execution) => execution.items('Write Message'));
}

async function findMessage(
  { topic, leadId, text }: { topic: string; leadId: string; text: string },
  timeoutMs: number,
): Promise<Record<string, unknown>[]> {
  const message = {
    topic,
    text: expect.stringContaining(text) as string,
    ids: expect.objectContaining({ leadId }) as object,
  };
  return eventually(
    async () => {
      const messages = await findMessages();
      expect(messages).toContainEqual(expect.objectContaining(message));
      return messages;
    },
    { timeoutMs, intervalMs: 500 },
  );
}

test('a lead that is parked, and one that HighLevel cannot be given, start the workflow, with a message and ids', async () => {
  const { parked, refused } = await provideTroubles();
  const ofParked = { topic: 'lead.parked', leadId: parked, text: 'parked' };
  const ofRefused = { topic: 'lead.delivery_failed', leadId: refused, text: 'HighLevel did not' };
  expect(await findMessage(ofParked, EVENT_TIMEOUT_MS)).not.toHaveLength(0);
  expect(await findMessage(ofRefused, EVENT_TIMEOUT_MS)).not.toHaveLength(0);
});

test('a lead that nobody touches in time starts it too', { timeout: SLA_TIMEOUT_MS * 2 }, async () => {
  const path = '/v1/settings/leads';
  const { document } = await askRouter({ path }, z.object({ document: z.record(z.string(), z.unknown()) }));
  const sla = { minutes: 1, maxReroutes: 0, workingHoursOnly: false };
  await askRouter({ method: 'PUT', path, body: { ...document, sla } }, z.unknown());
  try {
    const leadId = await provideForgottenLead();
    const missed = { topic: 'lead.sla_missed', leadId, text: 'Nobody touched a lead in time' };
    expect(await findMessage(missed, SLA_TIMEOUT_MS)).not.toHaveLength(0);
  } finally {
    await askRouter({ method: 'PUT', path, body: document }, z.unknown());
  }
});

function listenForAssignments(node: WorkflowNode): WorkflowNode {
  if (node.name !== TRIGGER) return node;
  return { ...node, webhookId: randomUUID(), parameters: { ...node.parameters, events: ['lead.assigned'] } };
}

test('a trigger that was told to listen for assignments starts with each, and with nothing else', async () => {
  const postalCode = await provideActiveLocations();
  const copy = await copyWorkflow(WORKFLOWS.alert, { change: listenForAssignments });
  await publish(copy);
  await askRouter(
    { method: 'POST', path: '/v1/leads', body: { ...nobodysLead, externalId: randomUUID() } },
    z.object({ status: z.literal('parked') }),
  );
  const { leadId } = await askRouter(
    { method: 'POST', path: '/v1/leads', body: { source: 'e2e', postalCode, externalId: randomUUID() } },
    z.object({ leadId: z.string(), status: z.literal('assigned') }),
  );
  const started = { topic: 'lead.assigned', ids: expect.objectContaining({ leadId }) as object };
  await eventually(async () => expect(await findMessages(copy)).toEqual([expect.objectContaining(started)]), {
    timeoutMs: EVENT_TIMEOUT_MS,
    intervalMs: 500,
  });
});

async function deliver({ id, secret }: { id: string; secret: string }): Promise<{ status: number; text: string }> {
  const body = JSON.stringify({ id, topic: 'batch.finished', at: new Date().toISOString(), data: {} });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const answer = await fetch(`${inject('e2eStack').n8n}/webhook/${TRIGGER_IDS.alert}/webhook`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  });
  return { status: answer.status, text: await answer.text() };
}

test('an event under the right secret starts it once, however often it comes; a forged one never does', async () => {
  const { secret } = await eventually(() => readTriggerMemory(WORKFLOWS.alert, TRIGGER), {
    timeoutMs: EVENT_TIMEOUT_MS,
  });
  const before = (await listExecutions(WORKFLOWS.alert)).length;
  const forged = await deliver({ id: randomUUID(), secret: Buffer.from('somebody else').toString('base64') });
  expect(forged.status).toBe(401);
  const id = randomUUID();
  expect(await deliver({ id, secret })).toMatchObject({
    status: 200,
    text: expect.stringContaining('accepted') as string,
  });
  expect(await deliver({ id, secret })).toMatchObject({
    status: 200,
    text: expect.stringContaining('duplicate') as string,
  });
  await eventually(async () => expect((await listExecutions(WORKFLOWS.alert)).length).toBeGreaterThan(before), {
    timeoutMs: EVENT_TIMEOUT_MS,
  });
  expect((await findMessages()).filter(({ topic }) => topic === 'batch.finished')).toHaveLength(1);
});
