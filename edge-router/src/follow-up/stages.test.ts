import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createSigner,
  createSigningKey,
  SIGNATURE_HEADER,
  toPublicKeyPem,
} from '../../../local/highlevel/webhooks/signing.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { parseWebhookKeys } from '../highlevel/rules/webhook-keys.ts';
import { describeOfflineHighlevel } from '../testing/offline-highlevel.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const signingKey = createSigningKey();
const sign = createSigner(signingKey);
const SUB_ACCOUNT = 'sub-1';

let database: TestDatabase;
let router: TestRouter;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const highlevel = describeOfflineHighlevel(parseWebhookKeys(toPublicKeyPem(signingKey)) ?? []);
  router = await createTestRouter({ database, highlevel });
  const headers = { 'content-type': 'text/csv' };
  await router.send('POST', '/v1/locations/import', { body: csvOf([testRow({ 'Franchise Code': 'A' })]), headers });
  const { items } = (await (await router.send('GET', '/v1/locations')).json()) as Json;
  await router.send('PATCH', `/v1/locations/${items[0].id}`, { body: { ghlLocationId: SUB_ACCOUNT } });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

interface Delivery {
  readonly contactId: string | null;
  readonly opportunityId: string | null;
}

/** A lead with its location, in whose sub-account it is, or on its way where its contact is not known. */
async function lead({ contactId, opportunityId }: Delivery): Promise<string> {
  const body = { source: 'site', email: `jo.${count++}@example.com`, location: 'A' };
  const { leadId } = (await (await router.send('POST', '/v1/leads', { body })).json()) as Json;
  await database.pool.query(
    `insert into deliveries (lead_id, location_id, move, ghl_location_id, status, contact_id, opportunity_id, created_at)
     select id, location_id, 0, $2, $3, $4, $5, now() - interval '1 hour' from leads where id = $1`,
    [leadId, SUB_ACCOUNT, contactId === null ? 'pending' : 'delivered', contactId, opportunityId],
  );
  return leadId;
}

/** What HighLevel tells, `minutesAgo`; looked at by the minute's Cron. */
async function tell(payload: Record<string, unknown>, minutesAgo = 0): Promise<Json> {
  const webhookId = `wh-${count++}`;
  const timestamp = new Date(Date.now() - minutesAgo * 60_000).toISOString();
  const text = JSON.stringify({ locationId: SUB_ACCOUNT, timestamp, ...payload, webhookId });
  const headers = { [SIGNATURE_HEADER]: sign(Buffer.from(text)) };
  expect((await router.send('POST', '/v1/webhooks/highlevel', { body: text, apiKey: null, headers })).status).toBe(200);
  await sweep();
  return (await router.send('GET', `/v1/events/${webhookId}`)).json();
}

async function sweep(): Promise<void> {
  await database.pool.query(
    `update webhook_events set received_at = received_at - interval '2 minutes', next_try_at = null where handled_at is null`,
  );
  await router.app.sweepEvents();
  await router.settle();
}

const stageOf = async (leadId: string): Promise<string | null> =>
  ((await (await router.send('GET', `/v1/leads/${leadId}`)).json()) as Json).stage;

describe('what HighLevel tells of a lead', () => {
  it('that was won after it was lost stays won, also when it is told the other way round', async () => {
    const leadId = await lead({ contactId: 'contact-1', opportunityId: 'opportunity-1' });
    const change = { type: 'OpportunityStatusUpdate', id: 'opportunity-1', contactId: 'contact-1' };
    expect(await tell({ ...change, status: 'won' }, 5)).toMatchObject({ handledAs: 'won' });
    expect(await tell({ ...change, status: 'lost' }, 10)).toMatchObject({ handledAs: 'stage_unchanged', leadId });
    expect(await stageOf(leadId)).toBe('won');
    expect(await tell({ ...change, status: 'lost' }, 1)).toMatchObject({ handledAs: 'lost' });
  });

  it('is of the lead whose opportunity it is, not of the last one of the same contact', async () => {
    const earlier = await lead({ contactId: 'contact-2', opportunityId: 'opportunity-2' });
    const later = await lead({ contactId: 'contact-2', opportunityId: 'opportunity-3' });
    const change = { type: 'OpportunityStatusUpdate', contactId: 'contact-2' };
    expect(await tell({ ...change, id: 'opportunity-2', status: 'lost' })).toMatchObject({ leadId: earlier });
    expect([await stageOf(earlier), await stageOf(later)]).toEqual(['lost', null]);
    const quiet = { type: 'OpportunityUpdate', contactId: 'contact-2', id: 'opportunity-2', status: 'open' };
    expect(await tell(quiet)).toMatchObject({ handledAs: 'not_needed', leadId: earlier });
    expect(await tell({ ...change, id: 'opportunity-3', status: 'won' })).toMatchObject({ leadId: later });
  });

  it('is a contact by an appointment, whose particulars HighLevel puts into a field of their own', async () => {
    const leadId = await lead({ contactId: 'contact-4', opportunityId: 'opportunity-4' });
    const appointment = { id: 'appointment-1', contactId: 'contact-4', appointmentStatus: 'confirmed' };
    expect(await tell({ type: 'AppointmentCreate', appointment })).toMatchObject({ handledAs: 'contacted', leadId });
    expect(await stageOf(leadId)).toBe('contacted');
  });

  it('waits while a lead is on its way whose contact it may be', async () => {
    const leadId = await lead({ contactId: null, opportunityId: null });
    const told = await tell({ type: 'OutboundMessage', contactId: 'contact-5', userId: 'somebody' });
    expect(told).toMatchObject({ outcome: 'accepted', handledAs: null });
    await database.pool.query(
      `update deliveries set contact_id = 'contact-5', status = 'delivered' where lead_id = $1`,
      [leadId],
    );
    await sweep();
    expect(await stageOf(leadId)).toBe('contacted');
  });
});
