import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMortalWorker } from '../onboarding/testing/mortal-worker.ts';
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

describe('a lead that was assigned', () => {
  it('is a tagged contact with an opportunity in its location’s sub-account, whose workflow was started once', async () => {
    await stack.setUp({
      delivery: {
        tags: ['Website'],
        pipelineName: 'new leads',
        stageName: 'new',
        customFields: { 'contact.lead_source_detail': 'utm.campaign', 'contact.no_such_field': 'leadId' },
      },
    });
    const { leadId, email } = await stack.sendLead({ utm: { campaign: 'spring' }, postalCode: '02134' });
    const messages = await stack.announce();
    expect(messages.length).toBeGreaterThan(0);
    expect(messages[0]?.flowControl).toEqual({ key: `sub-account-${stack.subAccounts[0]}`, parallelism: 2 });
    await stack.work(messages);
    const delivery = await stack.find(leadId);
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, error: null, locationId: stack.locationIds[0] });
    expect(delivery.parts.notes).toEqual(['custom field contact.no_such_field is not in the sub-account']);
    const { contacts, opportunities, started } = await stack.holdings(email);
    expect(contacts).toHaveLength(1);
    expect(contacts[0]).toMatchObject({
      id: delivery.contactId,
      firstName: 'Ann',
      postalCode: '02134',
      source: 'site',
    });
    expect(contacts[0].tags.sort()).toEqual(['new lead', 'switchyard-lead', 'website']);
    expect(contacts[0].customFields).toEqual([expect.objectContaining({ value: 'spring' })]);
    expect(opportunities).toMatchObject([
      { id: delivery.opportunityId, status: 'open', locationId: stack.subAccounts[0] },
    ]);
    expect(started).toEqual([1]);
    const stored = await stack.lead(leadId);
    expect(stored.timeLine.map(({ kind }: Json) => kind)).toEqual(['assigned', 'delivered']);
    expect(stored.deliveries).toMatchObject([{ id: delivery.id, status: 'delivered', contactId: delivery.contactId }]);
    await stack.setUp({});
  });

  it('has its news told', async () => {
    const { leadId } = await stack.sendLead();
    await stack.deliver(leadId);
    const { rows } = await stack.database.pool.query(
      `select payload from outbox where topic = 'lead.delivered' and lead_id = $1`,
      [leadId],
    );
    expect(rows).toHaveLength(1);
    const { rows: leads } = await stack.database.pool.query(
      'select stage, delivered_at is not null as at from leads where id = $1',
      [leadId],
    );
    expect(leads).toEqual([{ stage: 'delivered', at: true }]);
  });

  it('goes nowhere while deliveries are switched off, and where the location has no sub-account', async () => {
    await stack.setUp({ delivery: { enabled: false } });
    const { leadId } = await stack.sendLead();
    expect(await stack.announce()).toEqual([]);
    expect(await stack.find(leadId)).toBeUndefined();
    await stack.setUp({});
  });

  it('starts the workflow of a contact that the sub-account had, and leaves its tags', async () => {
    const first = await stack.sendLead();
    await stack.deliver(first.leadId);
    const token = await stack.test.sandbox.locationToken(stack.subAccounts[0]);
    const { contacts } = await stack.holdings(first.email);
    const body = { tags: ['vip'] };
    await stack.test.sandbox.call('POST', `/contacts/${contacts[0].id}/tags`, { token, body });
    await stack.database.pool.query(`update person_keys set lead_at = lead_at - interval '2 days'`);
    const again = await stack.test.router.send('POST', '/v1/leads', {
      body: { source: 'site', email: first.email, location: 'A' },
    });
    await stack.test.router.settle();
    const { leadId } = (await again.json()) as Json;
    expect((await stack.deliver(leadId)).status).toBe('delivered');
    const after = await stack.holdings(first.email);
    expect(after.contacts).toHaveLength(1);
    expect(after.contacts[0].tags).toContain('vip');
    expect(after.opportunities).toHaveLength(1);
    expect(after.started).toEqual([2]);
  });

  it('without e-mail and phone is given up at once, for a person to look at', async () => {
    const { leadId } = await stack.sendLead({ email: undefined, phone: undefined });
    expect(await stack.deliver(leadId)).toMatchObject({ status: 'failed', error: { kind: 'no_contact_details' } });
  });
});

describe('a lead that is given to another location', () => {
  const reassign = async (leadId: string, location: string): Promise<void> => {
    const answer = await stack.test.router.send('POST', `/v1/leads/${leadId}/reassign`, {
      body: { reason: 'test', location },
    });
    expect(answer.status).toBe(200);
    await stack.test.router.settle();
  };

  it('is withdrawn from the first sub-account and delivered into the second, and back again', async () => {
    const { leadId, email } = await stack.sendLead();
    await stack.deliver(leadId);
    await reassign(leadId, 'B');
    await stack.work(await stack.announce());
    const first = await stack.holdings(email);
    expect(first.contacts[0].tags).toContain('reassigned');
    expect(first.opportunities).toMatchObject([{ status: 'abandoned' }]);
    expect(await stack.holdings(email, stack.subAccounts[1])).toMatchObject({
      contacts: [{}],
      opportunities: [{ status: 'open' }],
      started: [1],
    });

    await reassign(leadId, 'A');
    await stack.work(await stack.announce());
    const back = await stack.holdings(email);
    expect(back.contacts[0].tags).not.toContain('reassigned');
    expect(back.opportunities).toMatchObject([{ status: 'open' }]);
    expect(back.started).toEqual([2]);
    expect((await stack.holdings(email, stack.subAccounts[1])).opportunities).toMatchObject([{ status: 'abandoned' }]);
    const kinds = (await stack.lead(leadId)).timeLine.map(({ kind }: Json) => kind);
    expect(kinds.filter((kind: string) => kind === 'withdrawn')).toHaveLength(2);
    expect(kinds.filter((kind: string) => kind === 'delivered')).toHaveLength(3);
  });

  it('and comes back before it was withdrawn, keeps its contact and opportunity there', async () => {
    const { leadId, email } = await stack.sendLead();
    await stack.deliver(leadId);
    await reassign(leadId, 'B');
    const late = await stack.announce();
    await reassign(leadId, 'A');
    await stack.work(await stack.announce());
    await stack.work(late);
    const first = await stack.holdings(email);
    expect(first.contacts[0].tags).not.toContain('reassigned');
    expect(first.opportunities).toMatchObject([{ status: 'open' }]);
    const { rows } = await stack.database.pool.query('select status from deliveries where lead_id = $1 order by move', [
      leadId,
    ]);
    expect(rows.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'delivered']);
  });

  it('in the middle of its delivery leaves nothing open behind', async () => {
    const { leadId, email } = await stack.sendLead();
    const [message] = await stack.announce();
    const worker = createMortalWorker(stack.test.router, (call) =>
      call.path.endsWith('/opportunities/search') ? 'die-before' : null,
    );
    await Promise.race([runDelivery(stack.depsOf(worker), JSON.parse(message?.body ?? '')), worker.died]);
    await reassign(leadId, 'B');
    const messages = await stack.announce();
    await stack.database.pool.query('update deliveries set lease_until = null where lead_id = $1', [leadId]);
    await stack.work(messages);
    const { rows } = await stack.database.pool.query('select status from deliveries where lead_id = $1 order by move', [
      leadId,
    ]);
    expect(rows).toEqual([{ status: 'withdrawn' }, { status: 'delivered' }]);
    const first = await stack.holdings(email);
    expect([first.contacts[0].tags.includes('reassigned'), first.opportunities]).toEqual([true, []]);
  });

  it('before its delivery has begun never reaches the first sub-account', async () => {
    const { leadId, email } = await stack.sendLead();
    const old = await stack.announce();
    await reassign(leadId, 'B');
    await stack.work([...(await stack.announce()), ...old]);
    expect((await stack.holdings(email)).contacts).toEqual([]);
    expect((await stack.holdings(email, stack.subAccounts[1])).contacts).toHaveLength(1);
  });
});
