import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../local/testing/eventually.ts';
import { startBatchStack, type BatchStack } from '../onboarding/testing/batch-stack.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import { sweepLocations } from './sweep-locations.ts';
import { sweepMasterContacts } from './sweep-master-contacts.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let stack: BatchStack;
/** The brand's own sub-account, and that of its one location. */
let master = '';
let branch = '';
let people = 0;

beforeAll(async () => {
  stack = await startBatchStack();
  const { test } = stack;
  const { locationIds } = await test.sandbox.admin('POST', 'seed', { locations: 2 });
  [master, branch] = locationIds;
  const body = csvOf(['A', 'B'].map((code) => testRow({ 'Franchise Code': code })));
  await send('POST', '/v1/locations/import', body, { 'content-type': 'text/csv' });
  const { items } = await send('GET', '/v1/locations');
  const { id } = items.find(({ franchiseCode }: Json) => franchiseCode === 'A');
  await send('PATCH', `/v1/locations/${id}`, { ghlLocationId: branch });
  const other = items.find(({ franchiseCode }: Json) => franchiseCode === 'B');
  await send('PATCH', `/v1/locations/${other.id}`, { paused: true });
  await send('PUT', '/v1/settings/leads', {
    master: { ghlLocationId: master, serviceFieldKey: 'contact.service_needed' },
  });
});

afterAll(() => stack.stop());

async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Json> {
  const given = { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) };
  const answer = await stack.test.router.send(method, path, given);
  const json = (await answer.json()) as Json;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
  return json;
}

const person = () => {
  const number = ++people;
  const phone = `+1617555${String(2000 + number)}`;
  return { firstName: 'Bo', lastName: `No ${number}`, email: `bo.${number}@example.com`, phone, postalCode: '02134' };
};

async function call(method: string, path: string, body: unknown, at = master): Promise<Json> {
  const token = await stack.test.sandbox.locationToken(at);
  const { status, json } = await stack.test.sandbox.call(method, path, { token, body });
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
  return json;
}

const createContact = async (fields: Record<string, unknown>, at = master): Promise<string> =>
  (await call('POST', '/contacts/', { locationId: at, ...fields }, at)).contact.id;

const leadsOf = async (contactId: string): Promise<string[]> => {
  const { rows } = await stack.database.pool.query('select id from leads where external_id = $1', [contactId]);
  return rows.map(({ id }) => id);
};

/** As `eventually`, while the minute's Cron comes by: what failed once, or came too early, is its to handle. */
function sooner<T>(check: () => Promise<T>): Promise<T> {
  return eventually(
    async () => {
      try {
        return await check();
      } catch (error) {
        await stack.database.pool.query(
          `update webhook_events set received_at = received_at - interval '1 minute', next_try_at = null where handled_at is null`,
        );
        await stack.test.router.app.sweepEvents();
        await stack.test.router.app.outbox.run();
        throw error;
      }
    },
    { timeoutMs: 90_000, intervalMs: 250 },
  );
}

const findLead = (contactId: string): Promise<string> =>
  sooner(async () => {
    const [leadId] = await leadsOf(contactId);
    expect(leadId).toBeDefined();
    return leadId ?? '';
  });

const lead = (leadId: string): Promise<Json> => send('GET', `/v1/leads/${leadId}`);

const atStage = (leadId: string, stage: string): Promise<Json> =>
  sooner(async () => {
    const found = await lead(leadId);
    expect(found.stage).toBe(stage);
    return found;
  });

async function delivered(): Promise<{ leadId: string; contactId: string; opportunityId: string }> {
  const { leadId } = await send('POST', '/v1/leads', { source: 'site', ...person() });
  await atStage(leadId, 'delivered');
  const { items } = await send('GET', `/v1/deliveries?leadId=${leadId}`);
  return { leadId, contactId: items[0].contactId, opportunityId: items[0].opportunityId };
}

async function handledAs(contactId: string): Promise<string[]> {
  const { rows } = await stack.database.pool.query(
    `select coalesce(handled_as, reason) as handled_as from webhook_events
    where resource_id = $1 and (handled_at is not null or outcome = 'ignored') order by received_at`,
    [contactId],
  );
  return rows.map((row) => row.handled_as);
}

describe('a contact of the master sub-account', () => {
  it('is routed once, and delivered into its location’s sub-account', async () => {
    const { email, ...rest } = person();
    const contactId = await createContact({ email, ...rest, source: 'Facebook' });
    const leadId = await findLead(contactId);
    const found = await atStage(leadId, 'delivered');
    expect(found).toMatchObject({ source: 'highlevel', person: { email }, metadata: { contactSource: 'Facebook' } });
    await call('POST', `/contacts/${contactId}/tags`, { tags: ['hot'] });
    await sooner(async () =>
      expect(await handledAs(contactId)).toEqual(expect.arrayContaining(['routed', 'routed_before'])),
    );
    expect(await leadsOf(contactId)).toEqual([leadId]);
    const { contacts } = await stack.test.sandbox.admin('GET', 'export');
    expect(contacts.filter((one: Json) => one.email === email && one.locationId === branch)).toHaveLength(1);
  });

  it('is waited for until it can be reached', async () => {
    const { email, phone: _, ...rest } = person();
    const contactId = await createContact(rest);
    await sooner(async () => expect(new Set(await handledAs(contactId))).toEqual(new Set(['incomplete'])));
    await call('PUT', `/contacts/${contactId}`, { email });
    await findLead(contactId);
  });

  it('that no webhook told of is found by the sweep, and only once', async () => {
    const { sandbox, router, highlevel } = stack.test;
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: null } });
    const contactId = await createContact(person());
    const deps = { ...router.deps, highlevel };
    expect(await sweepMasterContacts(deps, { isForced: true })).toBeGreaterThan(0);
    expect(await sweepMasterContacts(deps, { isForced: true })).toBe(0);
    await router.app.outbox.run();
    await findLead(contactId);
    expect(await leadsOf(contactId)).toHaveLength(1);
    await sandbox.admin('PATCH', 'settings', {
      app: { webhookUrl: `${router.deps.config.publicUrl}/v1/webhooks/highlevel` },
    });
  });

  it('that nobody could reach when the sweep came by is found by a later one', async () => {
    const { sandbox, router, highlevel } = stack.test;
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: null } });
    const { email, phone: _, ...rest } = person();
    const contactId = await createContact(rest);
    const deps = { ...router.deps, highlevel };
    await sweepMasterContacts(deps, { isForced: true });
    await router.app.outbox.run();
    await call('PUT', `/contacts/${contactId}`, { email });
    expect(await sweepMasterContacts(deps, { isForced: true })).toBe(1);
    await router.app.outbox.run();
    await findLead(contactId);
    await sandbox.admin('PATCH', 'settings', {
      app: { webhookUrl: `${router.deps.config.publicUrl}/v1/webhooks/highlevel` },
    });
  });
});

describe('a lead that was delivered', () => {
  it('is no news when HighLevel tells of our own writing', async () => {
    const { leadId, contactId } = await delivered();
    await sooner(async () => expect((await handledAs(contactId)).length).toBeGreaterThanOrEqual(2));
    expect(new Set(await handledAs(contactId))).toEqual(new Set(['echo']));
    expect(await leadsOf(contactId)).toEqual([]);
    expect((await lead(leadId)).stage).toBe('delivered');
  });

  it('goes on by the nightly look at its sub-account, where no webhook told of it', async () => {
    const { sandbox, router, highlevel } = stack.test;
    const leads = [await delivered(), await delivered(), await delivered()] as const;
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: null } });
    await call('PUT', `/opportunities/${leads[0].opportunityId}/status`, { status: 'won' }, branch);
    await call('PUT', `/opportunities/${leads[1].opportunityId}/status`, { status: 'abandoned' }, branch);
    const deps = { ...router.deps, highlevel };
    expect(await sweepLocations(deps, { isForced: true })).toBe(2);
    expect(await sweepLocations(deps, { isForced: true })).toBe(0);
    const stages = await Promise.all(leads.map(async ({ leadId }) => (await lead(leadId)).stage));
    expect(stages).toEqual(['won', 'lost', 'delivered']);
    await sandbox.admin('PATCH', 'settings', {
      app: { webhookUrl: `${router.deps.config.publicUrl}/v1/webhooks/highlevel` },
    });
  });

  it('is contacted when its opportunity is put into another stage, and won when that is', async () => {
    const { leadId, opportunityId } = await delivered();
    const token = await stack.test.sandbox.locationToken(branch);
    const { json } = await stack.test.sandbox.call('GET', `/opportunities/pipelines?locationId=${branch}`, { token });
    const [pipeline] = json.pipelines;
    await call('PUT', `/opportunities/${opportunityId}`, { pipelineStageId: pipeline.stages[1].id }, branch);
    expect((await atStage(leadId, 'contacted')).contactedAt).not.toBeNull();
    await call('PUT', `/opportunities/${opportunityId}/status`, { status: 'won' }, branch);
    const won = await atStage(leadId, 'won');
    expect(won.timeLine.map(({ kind }: Json) => kind).filter((kind: string) => kind !== 'announced')).toEqual([
      'assigned',
      'delivered',
      'contacted',
      'won',
    ]);
    const { items } = await send('GET', '/v1/leads?stage=won');
    expect(items.map((one: Json) => one.leadId)).toContain(leadId);
  });

  it('is contacted by a message that a person sent, and not by a workflow’s', async () => {
    const { leadId, contactId } = await delivered();
    const message = { locationId: branch, contactId, body: 'hello', messageType: 'SMS' };
    await stack.test.sandbox.admin('POST', 'webhooks', { type: 'OutboundMessage', payload: message });
    await sooner(async () => {
      const { rows } = await stack.database.pool.query(
        `select 1 from webhook_events where type = 'OutboundMessage' and payload->>'contactId' = $1 and handled_at is not null`,
        [contactId],
      );
      expect(rows.length).toBeGreaterThan(0);
    });
    expect((await lead(leadId)).stage).toBe('delivered');
    await stack.test.sandbox.admin('POST', 'webhooks', {
      type: 'OutboundMessage',
      payload: { ...message, userId: 'user-1' },
    });
    await atStage(leadId, 'contacted');
  });
});

describe('POST /v1/leads/{id}/status', () => {
  it('moves a lead forward, once, and lets won and lost correct each other', async () => {
    const { leadId } = await delivered();
    const post = (status: string) => send('POST', `/v1/leads/${leadId}/status`, { status });
    expect(await post('lost')).toEqual({ leadId, changed: true });
    expect(await post('lost')).toEqual({ leadId, changed: false });
    expect(await post('contacted')).toEqual({ leadId, changed: false });
    expect(await post('won')).toEqual({ leadId, changed: true });
    expect((await lead(leadId)).stage).toBe('won');
  });

  it('is refused from a location that has lost the lead', async () => {
    const { leadId } = await delivered();
    const body = { status: 'won', locationId: '019a0000-0000-7000-8000-000000000000' };
    const answer = await stack.test.router.send('POST', `/v1/leads/${leadId}/status`, { body });
    expect(answer.status).toBe(409);
    expect((await lead(leadId)).stage).toBe('delivered');
  });
});

it('a lead that its location declines goes to nobody who had it, and is told of', async () => {
  const { leadId } = await delivered();
  const before = await lead(leadId);
  const body = { reason: 'out of our trade', locationId: before.location.id };
  const headers = { 'idempotency-key': 'decline-1' };
  const declined = await send('POST', `/v1/leads/${leadId}/decline`, body, headers);
  expect(declined).toMatchObject({ status: 'parked', moved: true, from: { franchiseCode: 'A' } });
  expect(await send('POST', `/v1/leads/${leadId}/decline`, body, headers)).toMatchObject({ replayed: true });
  const after = await lead(leadId);
  expect(after.stage).toBeNull();
  expect(after.timeLine.find(({ kind }: Json) => kind === 'declined').detail).toMatchObject({
    reason: 'out of our trade',
  });
  await sooner(async () => {
    const { items } = await send('GET', `/v1/deliveries?leadId=${leadId}`);
    expect(items[0].status).toBe('withdrawn');
  });
  const again = await stack.test.router.send('POST', `/v1/leads/${leadId}/decline`, { body });
  expect(again.status).toBe(409);
});
