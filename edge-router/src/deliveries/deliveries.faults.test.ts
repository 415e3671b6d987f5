import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMortalWorker, type Fault, type SentCall } from '../onboarding/testing/mortal-worker.ts';
import { runDelivery } from './run-delivery.ts';
import { startDeliveryStack, type DeliveryStack } from './testing/delivery-stack.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let stack: DeliveryStack;

beforeAll(async () => {
  stack = await startDeliveryStack();
});

afterAll(() => stack.stop());

beforeEach(() => stack.reset());

const isCall = (method: string, path: RegExp) => (call: SentCall) => call.method === method && path.test(call.path);
const calls: [string, (call: SentCall) => boolean][] = [
  ['the pipelines', isCall('GET', /\/opportunities\/pipelines$/)],
  ['the contact', isCall('POST', /\/contacts\/upsert$/)],
  ['the tags', isCall('POST', /\/tags$/)],
  ['the search', isCall('GET', /\/opportunities\/search$/)],
  ['the opportunity', isCall('POST', /\/opportunities\/$/)],
  ['the reading back', isCall('GET', /\/contacts\/[^/]+$/)],
];
const faults: [string, Fault][] = [
  ['is answered 429', { status: 429, isDone: false }],
  ['is answered 500 and not done', { status: 500, isDone: false }],
  ['is answered 500 and done', { status: 500, isDone: true }],
  ['is done and its answer lost', 'reset-after'],
  ['is done and answered too late', 'hang-after'],
  ['loses the connection before it is done', 'reset-before'],
  ['ends its Worker before it is sent', 'die-before'],
  ['ends its Worker when it was done', 'die-after'],
  ['ends its Worker before that is written down', 'die-before-write'],
];

describe.each(calls)('when %s', (_, isIt) => {
  it.each(faults)('%s, the lead is delivered once', async (_, fault) => {
    const { leadId, email } = await stack.sendLead();
    const messages = await stack.announce();
    let isFirst = true;
    const plan = (call: SentCall): Fault | null => {
      if (!isIt(call) || !isFirst) return null;
      isFirst = false;
      return fault;
    };
    for (const { body } of messages) await runMortal(JSON.parse(body), plan);
    await stack.work(stack.takeMessages());
    // What no message goes on with any more, the minute's Cron does.
    await stack.database.pool.query(
      `update deliveries set lease_until = null, next_try_at = now() - interval '1 hour' where status = 'pending' and lead_id = $1`,
      [leadId],
    );
    await stack.test.router.app.sweepDeliveries();
    await stack.work(stack.takeMessages());
    expect(await stack.find(leadId)).toMatchObject({ status: 'delivered' });
    const { contacts, opportunities, started } = await stack.holdings(email);
    expect([contacts.length, opportunities.length, started]).toEqual([1, 1, [1]]);
  });
});

/** The same job by a Worker that may die in the middle. */
async function runMortal(message: unknown, plan: (call: SentCall) => Fault | null): Promise<void> {
  const worker = createMortalWorker(stack.test.router, plan);
  await Promise.race([runDelivery(stack.depsOf(worker), message), worker.died]).catch(() => null);
}

describe('a delivery that fails', () => {
  it('is given up after a day, told of, and goes on where it stopped when it is redriven', async () => {
    const { leadId, email } = await stack.sendLead();
    const messages = await stack.announce();
    await stack.test.sandbox.admin('POST', 'faults', {
      route: 'POST /opportunities/',
      kind: 'status',
      status: 500,
      count: 1000,
    });
    await stack.work(messages, { maxRounds: 80 });
    const failed = await stack.find(leadId);
    expect(failed).toMatchObject({ status: 'failed', error: { kind: 'unknown_outcome' } });
    expect(failed.attempts).toBeGreaterThan(8);
    const { rows } = await stack.database.pool.query(
      `select payload->>'deliveryId' as id from outbox where topic = 'lead.delivery_failed' and lead_id = $1`,
      [leadId],
    );
    expect(rows).toEqual([{ id: failed.id }]);
    expect((await stack.lead(leadId)).timeLine.map(({ kind }: Json) => kind)).toContain('delivery_failed');

    await stack.test.sandbox.admin('DELETE', 'faults');
    const redriven = await stack.test.router.send('POST', `/v1/deliveries/${failed.id}/redrive`);
    expect([redriven.status, ((await redriven.json()) as Json).status]).toEqual([202, 'pending']);
    expect((await stack.test.router.send('POST', `/v1/deliveries/${failed.id}/redrive`)).status).toBe(202);
    await stack.work(stack.takeMessages());
    expect(await stack.find(leadId)).toMatchObject({ status: 'delivered', contactId: failed.contactId });
    const { contacts, opportunities } = await stack.holdings(email);
    expect([contacts.length, opportunities.length]).toEqual([1, 1]);
    expect((await stack.test.router.send('POST', `/v1/deliveries/${failed.id}/redrive`)).status).toBe(409);
  });

  it('is redriven with all the others of its location', async () => {
    const leads = [await stack.sendLead(), await stack.sendLead()];
    const messages = await stack.announce();
    await stack.test.sandbox.admin('POST', 'faults', {
      route: 'POST /contacts/upsert',
      kind: 'status',
      status: 422,
      count: 1000,
    });
    await stack.work(messages);
    await stack.test.sandbox.admin('DELETE', 'faults');
    const other = await stack.test.router.send('POST', '/v1/deliveries/redrive', {
      body: { locationId: stack.locationIds[1] },
    });
    expect(await other.json()).toEqual({ redriven: 0 });
    const all = await stack.test.router.send('POST', '/v1/deliveries/redrive', {
      body: { locationId: stack.locationIds[0] },
    });
    expect(((await all.json()) as Json).redriven).toBeGreaterThanOrEqual(2);
    await stack.work(stack.takeMessages());
    for (const { leadId } of leads) expect((await stack.find(leadId)).status).toBe('delivered');
  });

  it('does not start a workflow again of which it is not known whether it was started', async () => {
    await stack.setUp({ delivery: { startTag: null, workflowName: 'Estimate Follow Up' } });
    const { leadId, email } = await stack.sendLead();
    const messages = await stack.announce();
    await stack.test.sandbox.admin('POST', 'faults', {
      route: 'POST /contacts/{contactId}/workflow/{workflowId}',
      kind: 'reset-after',
    });
    await stack.work(messages);
    const delivery = await stack.find(leadId);
    expect(delivery).toMatchObject({ status: 'delivered', parts: { enrolment: 'unknown' } });
    expect(delivery.parts.notes).toEqual(['whether the workflow was started is unknown; it was not started again']);
    expect((await stack.holdings(email)).started).toEqual([1]);
    await stack.setUp({});
  });
});

it('two workers at once deliver a lead once', async () => {
  const { leadId, email } = await stack.sendLead();
  const messages = await stack.announce();
  const [message] = messages;
  await Promise.allSettled([1, 2, 3].map(() => runDelivery(stack.depsOf(), JSON.parse(message?.body ?? ''))));
  await stack.work(stack.takeMessages());
  expect((await stack.find(leadId)).status).toBe('delivered');
  const { contacts, opportunities, started } = await stack.holdings(email);
  expect([contacts.length, opportunities.length, started]).toEqual([1, 1, [1]]);
});
