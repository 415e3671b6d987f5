import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { takeJobs } from '../backtests/testing/deliver-jobs.ts';
import { createMortalWorker, type Fault, type SentCall } from '../onboarding/testing/mortal-worker.ts';
import type { SentMessage } from '../testing/test-router.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import { followAssignments } from './follow-assignments.ts';
import { runDelivery, type DeliveryDeps } from './run-delivery.ts';
import { createSubAccountFacts } from './sub-account-facts.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let laterMs = 0;
let people = 0;
/** Of the two locations, A and B. */
const locationIds: string[] = [];
const subAccounts: string[] = [];

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis });
  const { locationIds: ids } = await test.sandbox.admin('POST', 'seed', { locations: 2 });
  const rows = ['A', 'B'].map((code) => testRow({ 'Franchise Code': code }));
  const headers = { 'content-type': 'text/csv' };
  await test.router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers });
  const { items } = (await (await test.router.send('GET', '/v1/locations')).json()) as Json;
  for (const [index, code] of ['A', 'B'].entries()) {
    const { id } = items.find(({ franchiseCode }: Json) => franchiseCode === code);
    locationIds.push(id);
    subAccounts.push(ids[index]);
    await test.router.send('PATCH', `/v1/locations/${id}`, { body: { ghlLocationId: ids[index] } });
  }
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

beforeEach(() => {
  laterMs = 0;
  test.router.sent.length = 0;
});

/** Of deliveries; all else has the real clock. */
const nowMs = (): number => Date.now() + laterMs;

const deps = (): DeliveryDeps => ({
  ...test.router.deps,
  nowMs,
  highlevel: test.highlevel,
  facts: createSubAccountFacts(test.router.deps),
});

/** Routes a lead of a new person to A. */
async function sendLead(more: Record<string, unknown> = {}): Promise<{ leadId: string; email: string }> {
  const number = ++people;
  const email = `ann.${number}@example.com`;
  const phone = `+1617555${String(1000 + number)}`;
  const body = { source: 'site', firstName: 'Ann', lastName: `No ${number}`, email, phone, location: 'A', ...more };
  const answer = await test.router.send('POST', '/v1/leads', { body });
  expect(answer.status).toBe(201);
  await test.router.settle();
  return { leadId: ((await answer.json()) as Json).leadId, email };
}

/** What QStash holds for this job, each message once. */
function takeMessages(job: string): SentMessage[] {
  return takeJobs(test.router, job);
}

/** Does what the news of the outbox ask for, as its job would. */
async function announce(): Promise<SentMessage[]> {
  for (const { body } of takeMessages('lead-events')) {
    const { events } = JSON.parse(body);
    await followAssignments(test.router.deps, events);
    // The job may run twice.
    await followAssignments(test.router.deps, events);
  }
  return takeMessages('deliver-lead');
}

/** Runs messages and all that follow from them, until nothing is left to do or it was tried so often. */
async function work(messages: SentMessage[], { workers = deps, maxRounds = 40 } = {}): Promise<void> {
  let waiting = messages;
  for (let round = 0; round < maxRounds && waiting.length > 0; round++) {
    for (const { body, delay = 0 } of waiting) {
      laterMs += delay * 1000;
      await runDelivery(workers(), JSON.parse(body)).catch(() => null);
    }
    waiting = takeMessages('deliver-lead');
  }
}

async function deliver(leadId: string): Promise<Json> {
  await work(await announce());
  return find(leadId);
}

async function find(leadId: string): Promise<Json> {
  const { items } = (await (await test.router.send('GET', `/v1/deliveries?leadId=${leadId}`)).json()) as Json;
  return items[0];
}

const lead = async (leadId: string): Promise<Json> => (await test.router.send('GET', `/v1/leads/${leadId}`)).json();

/** What a sub-account has of a person. */
async function holdings(email: string, ghlLocationId = subAccounts[0]): Promise<Json> {
  const all = await test.sandbox.admin('GET', 'export');
  const contacts = all.contacts.filter((one: Json) => one.email === email && one.locationId === ghlLocationId);
  const ids = new Set(contacts.map(({ id }: Json) => id));
  return {
    contacts,
    opportunities: all.opportunities.filter(({ contactId }: Json) => ids.has(contactId)),
    started: all.enrolments.filter(({ contactId }: Json) => ids.has(contactId)).map(({ count }: Json) => count),
  };
}

async function setUp(document: Record<string, unknown>): Promise<void> {
  expect((await test.router.send('PUT', '/v1/settings/leads', { body: document })).status).toBe(200);
}

describe('a lead that was assigned', () => {
  it('is a tagged contact with an opportunity in its location’s sub-account, whose workflow was started once', async () => {
    await setUp({
      delivery: {
        tags: ['Website'],
        pipelineName: 'new leads',
        stageName: 'new',
        customFields: { 'contact.lead_source_detail': 'utm.campaign', 'contact.no_such_field': 'leadId' },
      },
    });
    const { leadId, email } = await sendLead({ utm: { campaign: 'spring' }, postalCode: '02134' });
    const messages = await announce();
    expect(messages.length).toBeGreaterThan(0);
    expect(messages[0]?.flowControl).toEqual({ key: `sub-account-${subAccounts[0]}`, parallelism: 2 });
    await work(messages);
    const delivery = await find(leadId);
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, error: null, locationId: locationIds[0] });
    expect(delivery.parts.notes).toEqual(['custom field contact.no_such_field is not in the sub-account']);
    const { contacts, opportunities, started } = await holdings(email);
    expect(contacts).toHaveLength(1);
    expect(contacts[0]).toMatchObject({
      id: delivery.contactId,
      firstName: 'Ann',
      postalCode: '02134',
      source: 'site',
    });
    expect(contacts[0].tags.sort()).toEqual(['new lead', 'switchyard-lead', 'website']);
    expect(contacts[0].customFields).toEqual([expect.objectContaining({ value: 'spring' })]);
    expect(opportunities).toMatchObject([{ id: delivery.opportunityId, status: 'open', locationId: subAccounts[0] }]);
    expect(started).toEqual([1]);
    const stored = await lead(leadId);
    expect(stored.timeLine.map(({ kind }: Json) => kind)).toEqual(['assigned', 'delivered']);
    expect(stored.deliveries).toMatchObject([{ id: delivery.id, status: 'delivered', contactId: delivery.contactId }]);
    await setUp({});
  });

  it('has its news told', async () => {
    const { leadId } = await sendLead();
    await deliver(leadId);
    const { rows } = await database.pool.query(
      `select payload from outbox where topic = 'lead.delivered' and lead_id = $1`,
      [leadId],
    );
    expect(rows).toHaveLength(1);
    const { rows: leads } = await database.pool.query(
      'select stage, delivered_at is not null as at from leads where id = $1',
      [leadId],
    );
    expect(leads).toEqual([{ stage: 'delivered', at: true }]);
  });

  it('goes nowhere while deliveries are switched off, and where the location has no sub-account', async () => {
    await setUp({ delivery: { enabled: false } });
    const { leadId } = await sendLead();
    expect(await announce()).toEqual([]);
    expect(await find(leadId)).toBeUndefined();
    await setUp({});
  });

  it('starts the workflow of a contact that the sub-account had, and leaves its tags', async () => {
    const first = await sendLead();
    await deliver(first.leadId);
    const token = await test.sandbox.locationToken(subAccounts[0]);
    const { contacts } = await holdings(first.email);
    const body = { tags: ['vip'] };
    await test.sandbox.call('POST', `/contacts/${contacts[0].id}/tags`, { token, body });
    await database.pool.query(`update person_keys set lead_at = lead_at - interval '2 days'`);
    const again = await test.router.send('POST', '/v1/leads', {
      body: { source: 'site', email: first.email, location: 'A' },
    });
    await test.router.settle();
    const { leadId } = (await again.json()) as Json;
    expect((await deliver(leadId)).status).toBe('delivered');
    const after = await holdings(first.email);
    expect(after.contacts).toHaveLength(1);
    expect(after.contacts[0].tags).toContain('vip');
    expect(after.opportunities).toHaveLength(1);
    expect(after.started).toEqual([2]);
  });

  it('without e-mail and phone is given up at once, for a person to look at', async () => {
    const { leadId } = await sendLead({ email: undefined, phone: undefined });
    expect(await deliver(leadId)).toMatchObject({ status: 'failed', error: { kind: 'no_contact_details' } });
  });
});

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
    const { leadId, email } = await sendLead();
    const messages = await announce();
    let isFirst = true;
    const plan = (call: SentCall): Fault | null => {
      if (!isIt(call) || !isFirst) return null;
      isFirst = false;
      return fault;
    };
    for (const { body } of messages) await runMortal(JSON.parse(body), plan);
    await work(takeMessages('deliver-lead'));
    // What no message goes on with any more, the minute's Cron does.
    await database.pool.query(
      `update deliveries set lease_until = null, next_try_at = now() - interval '1 hour' where status = 'pending' and lead_id = $1`,
      [leadId],
    );
    await test.router.app.sweepDeliveries();
    await work(takeMessages('deliver-lead'));
    expect(await find(leadId)).toMatchObject({ status: 'delivered' });
    const { contacts, opportunities, started } = await holdings(email);
    expect([contacts.length, opportunities.length, started]).toEqual([1, 1, [1]]);
  });
});

/** The same job by a Worker that may die in the middle. */
async function runMortal(message: unknown, plan: (call: SentCall) => Fault | null): Promise<void> {
  const worker = createMortalWorker(test.router, plan);
  await Promise.race([
    runDelivery(
      { ...worker.deps, nowMs, highlevel: worker.highlevel, facts: createSubAccountFacts(worker.deps) },
      message,
    ),
    worker.died,
  ]).catch(() => null);
}

describe('a delivery that fails', () => {
  it('is given up after a day, told of, and goes on where it stopped when it is redriven', async () => {
    const { leadId, email } = await sendLead();
    const messages = await announce();
    await test.sandbox.admin('POST', 'faults', {
      route: 'POST /opportunities/',
      kind: 'status',
      status: 500,
      count: 1000,
    });
    await work(messages, { maxRounds: 80 });
    const failed = await find(leadId);
    expect(failed).toMatchObject({ status: 'failed', error: { kind: 'unknown_outcome' } });
    expect(failed.attempts).toBeGreaterThan(8);
    const { rows } = await database.pool.query(
      `select payload->>'deliveryId' as id from outbox where topic = 'lead.delivery_failed' and lead_id = $1`,
      [leadId],
    );
    expect(rows).toEqual([{ id: failed.id }]);
    expect((await lead(leadId)).timeLine.map(({ kind }: Json) => kind)).toContain('delivery_failed');

    await test.sandbox.admin('DELETE', 'faults');
    const redriven = await test.router.send('POST', `/v1/deliveries/${failed.id}/redrive`);
    expect([redriven.status, ((await redriven.json()) as Json).status]).toEqual([202, 'pending']);
    expect((await test.router.send('POST', `/v1/deliveries/${failed.id}/redrive`)).status).toBe(202);
    await work(takeMessages('deliver-lead'));
    expect(await find(leadId)).toMatchObject({ status: 'delivered', contactId: failed.contactId });
    const { contacts, opportunities } = await holdings(email);
    expect([contacts.length, opportunities.length]).toEqual([1, 1]);
    expect((await test.router.send('POST', `/v1/deliveries/${failed.id}/redrive`)).status).toBe(409);
  });

  it('is redriven with all the others of its location', async () => {
    const leads = [await sendLead(), await sendLead()];
    const messages = await announce();
    await test.sandbox.admin('POST', 'faults', {
      route: 'POST /contacts/upsert',
      kind: 'status',
      status: 422,
      count: 1000,
    });
    await work(messages);
    await test.sandbox.admin('DELETE', 'faults');
    const other = await test.router.send('POST', '/v1/deliveries/redrive', { body: { locationId: locationIds[1] } });
    expect(await other.json()).toEqual({ redriven: 0 });
    const all = await test.router.send('POST', '/v1/deliveries/redrive', { body: { locationId: locationIds[0] } });
    expect(((await all.json()) as Json).redriven).toBeGreaterThanOrEqual(2);
    await work(takeMessages('deliver-lead'));
    for (const { leadId } of leads) expect((await find(leadId)).status).toBe('delivered');
  });

  it('does not start a workflow again of which it is not known whether it was started', async () => {
    await setUp({ delivery: { startTag: null, workflowName: 'Estimate Follow Up' } });
    const { leadId, email } = await sendLead();
    const messages = await announce();
    await test.sandbox.admin('POST', 'faults', {
      route: 'POST /contacts/{contactId}/workflow/{workflowId}',
      kind: 'reset-after',
    });
    await work(messages);
    const delivery = await find(leadId);
    expect(delivery).toMatchObject({ status: 'delivered', parts: { enrolment: 'unknown' } });
    expect(delivery.parts.notes).toEqual(['whether the workflow was started is unknown; it was not started again']);
    expect((await holdings(email)).started).toEqual([1]);
    await setUp({});
  });
});

describe('a lead that is given to another location', () => {
  const reassign = async (leadId: string, location: string): Promise<void> => {
    const answer = await test.router.send('POST', `/v1/leads/${leadId}/reassign`, {
      body: { reason: 'test', location },
    });
    expect(answer.status).toBe(200);
    await test.router.settle();
  };

  it('is withdrawn from the first sub-account and delivered into the second, and back again', async () => {
    const { leadId, email } = await sendLead();
    await deliver(leadId);
    await reassign(leadId, 'B');
    await work(await announce());
    const first = await holdings(email);
    expect(first.contacts[0].tags).toContain('reassigned');
    expect(first.opportunities).toMatchObject([{ status: 'abandoned' }]);
    expect(await holdings(email, subAccounts[1])).toMatchObject({
      contacts: [{}],
      opportunities: [{ status: 'open' }],
      started: [1],
    });

    await reassign(leadId, 'A');
    await work(await announce());
    const back = await holdings(email);
    expect(back.contacts[0].tags).not.toContain('reassigned');
    expect(back.opportunities).toMatchObject([{ status: 'open' }]);
    expect(back.started).toEqual([2]);
    expect((await holdings(email, subAccounts[1])).opportunities).toMatchObject([{ status: 'abandoned' }]);
    const kinds = (await lead(leadId)).timeLine.map(({ kind }: Json) => kind);
    expect(kinds.filter((kind: string) => kind === 'withdrawn')).toHaveLength(2);
    expect(kinds.filter((kind: string) => kind === 'delivered')).toHaveLength(3);
  });

  it('in the middle of its delivery leaves nothing open behind', async () => {
    const { leadId, email } = await sendLead();
    const [message] = await announce();
    const worker = createMortalWorker(test.router, (call) =>
      call.path.endsWith('/opportunities/search') ? 'die-before' : null,
    );
    const dying = { ...worker.deps, nowMs, highlevel: worker.highlevel, facts: createSubAccountFacts(worker.deps) };
    await Promise.race([runDelivery(dying, JSON.parse(message?.body ?? '')), worker.died]);
    await reassign(leadId, 'B');
    const messages = await announce();
    await database.pool.query('update deliveries set lease_until = null where lead_id = $1', [leadId]);
    await work(messages);
    const { rows } = await database.pool.query('select status from deliveries where lead_id = $1 order by move', [
      leadId,
    ]);
    expect(rows).toEqual([{ status: 'withdrawn' }, { status: 'delivered' }]);
    const first = await holdings(email);
    expect([first.contacts[0].tags.includes('reassigned'), first.opportunities]).toEqual([true, []]);
  });

  it('before its delivery has begun never reaches the first sub-account', async () => {
    const { leadId, email } = await sendLead();
    const old = await announce();
    await reassign(leadId, 'B');
    await work([...(await announce()), ...old]);
    expect((await holdings(email)).contacts).toEqual([]);
    expect((await holdings(email, subAccounts[1])).contacts).toHaveLength(1);
  });
});

it('two workers at once deliver a lead once', async () => {
  const { leadId, email } = await sendLead();
  const messages = await announce();
  const [message] = messages;
  await Promise.allSettled([1, 2, 3].map(() => runDelivery(deps(), JSON.parse(message?.body ?? ''))));
  await work(takeMessages('deliver-lead'));
  expect((await find(leadId)).status).toBe('delivered');
  const { contacts, opportunities, started } = await holdings(email);
  expect([contacts.length, opportunities.length, started]).toEqual([1, 1, [1]]);
});
