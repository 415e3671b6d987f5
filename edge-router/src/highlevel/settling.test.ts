import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leadIdAt } from '../../../db/testing/assign-lead-request.ts';
import {
  createSigner,
  createSigningKey,
  SIGNATURE_HEADER,
  toPublicKeyPem,
} from '../../../local/highlevel/webhooks/signing.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { parseWebhookKeys } from './rules/webhook-keys.ts';
import { PROBE_TAG } from '../onboarding/rules/probe.ts';
import { describeOfflineHighlevel } from '../testing/offline-highlevel.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';

const signingKey = createSigningKey();
const sign = createSigner(signingKey);
const [before, since] = [leadIdAt(Date.now() - 120_000), leadIdAt(Date.now() - 60_000)];

let database: TestDatabase;
let router: TestRouter;
let webhooks = 0;

/** `sub-1` is where leads were delivered, `sub-2` where one is on its way, `sub-3` where none ever was, `sub-0` the brand's own. */
beforeAll(async () => {
  database = await createTestDatabase();
  const highlevel = describeOfflineHighlevel(parseWebhookKeys(toPublicKeyPem(signingKey)) ?? []);
  router = await createTestRouter({ database, highlevel });
  await database.pool.query(
    `insert into highlevel_installations
     select 'sub-' || n, 'company-1', true, '2020-01-01', 'earlier' from generate_series(1, 3) n`,
  );
  const master = { ghlLocationId: 'sub-0' };
  expect((await router.send('PUT', '/v1/settings/leads', { body: { master } })).status).toBe(200);
  await database.pool.query(
    `insert into deliveries (lead_id, location_id, move, ghl_location_id, status, contact_id, opportunity_id, created_at)
     select ($1::uuid[])[n], uuidv7(), 0, 'sub-1', 'delivered', 'contact-1', 'opportunity-' || n, now() - interval '1 minute'
     from generate_series(1, 2) n`,
    [[before, since]],
  );
  await database.pool.query(
    `insert into deliveries (lead_id, location_id, move, ghl_location_id, status) values (uuidv7(), uuidv7(), 0, 'sub-2', 'pending')`,
  );
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

const told = {
  'a contact of a delivered lead': { type: 'ContactUpdate', locationId: 'sub-1', id: 'contact-1' },
  'a message to a delivered lead': { type: 'InboundMessage', locationId: 'sub-1', contactId: 'contact-1' },
  'another opportunity of its contact': {
    type: 'OpportunityUpdate',
    locationId: 'sub-1',
    id: 'opportunity-9',
    contactId: 'contact-1',
  },
  'an opportunity of its own': { type: 'OpportunityUpdate', locationId: 'sub-1', id: 'opportunity-1' },
  'a contact that nobody waits for': { type: 'ContactCreate', locationId: 'sub-3', id: 'contact-1' },
  'a call to somebody else': { type: 'OutboundMessage', locationId: 'sub-1', contactId: 'contact-8', userId: 'u' },
  'an opportunity in the brand’s own': { type: 'OpportunityCreate', locationId: 'sub-0', id: 'opportunity-7' },
  'a new sub-account': { type: 'LocationCreate', companyId: 'company-1', id: 'sub-9' },
  'a probe': { type: 'ContactCreate', locationId: 'sub-2', id: 'probe-1', tags: [PROBE_TAG] },
  'a contact where somebody is waited for': { type: 'ContactCreate', locationId: 'sub-2', id: 'contact-3' },
  'a contact in the brand’s own': { type: 'ContactCreate', locationId: 'sub-0', id: 'contact-4' },
  'a call to a delivered lead': {
    type: 'OutboundMessage',
    locationId: 'sub-1',
    contactId: 'contact-1',
    userId: 'somebody',
  },
  'an opportunity that was won': {
    type: 'OpportunityStatusUpdate',
    locationId: 'sub-1',
    id: 'opportunity-2',
    status: 'won',
  },
  'the app in a sub-account': { type: 'INSTALL', appId: 'app-1', locationId: 'sub-1' },
} as const;
type Told = keyof typeof told;

async function post(which: Told): Promise<string> {
  const webhookId = `wh-${webhooks++}`;
  const text = JSON.stringify({ ...told[which], webhookId });
  const headers = { [SIGNATURE_HEADER]: sign(Buffer.from(text)) };
  const answer = await router.send('POST', '/v1/webhooks/highlevel', { body: text, apiKey: null, headers });
  expect([answer.status, await answer.json()]).toEqual([200, { outcome: 'accepted' }]);
  return webhookId;
}

async function readEvent(id: string): Promise<{ handledAs: string | null; leadId: string | null }> {
  return (await (await router.send('GET', `/v1/events/${id}`)).json()) as never;
}

async function countNews(id: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `select (select count(*) from outbox where payload ->> 'webhookId' = $1)::int
      + (select count(*) from outbox_messages where events @> jsonb_build_array(jsonb_build_object('webhookId', $1::text)))::int as count`,
    [id],
  );
  return (rows[0]?.count ?? 0) + router.sent.filter((message) => JSON.stringify(message).includes(`${id}\\"`)).length;
}

describe('a webhook that asks for nothing is settled as it is stored, and nobody comes back to it', () => {
  it.each<[Told, string, string | null]>([
    ['a contact of a delivered lead', 'echo', since],
    ['a message to a delivered lead', 'not_needed', since],
    ['another opportunity of its contact', 'not_needed', since],
    ['an opportunity of its own', 'not_needed', before],
    ['a contact that nobody waits for', 'not_needed', null],
    ['a call to somebody else', 'not_needed', null],
    ['an opportunity in the brand’s own', 'not_needed', null],
    ['a new sub-account', 'not_needed', null],
    ['a probe', 'probe', null],
  ])('%s', async (which, handledAs, leadId) => {
    const id = await post(which);
    expect(await readEvent(id)).toMatchObject({
      outcome: 'accepted',
      handledAs,
      leadId,
      handledAt: expect.any(String),
    });
    await router.settle();
    expect(await countNews(id)).toBe(0);
    // Looked at again with everything that is known, it is still that.
    expect((await router.send('POST', `/v1/events/${id}/replay`)).status).toBeLessThan(300);
    expect(await readEvent(id)).toMatchObject({ handledAs, leadId });
  });
});

describe('a webhook that may ask for something waits for whoever handles it', () => {
  it.each<[Told]>([
    ['a contact where somebody is waited for'],
    ['a contact in the brand’s own'],
    ['a call to a delivered lead'],
    ['an opportunity that was won'],
    ['the app in a sub-account'],
  ])('%s', async (which) => {
    const id = await post(which);
    expect(await readEvent(id)).toMatchObject({ outcome: 'accepted', handledAs: null, handledAt: null });
    await router.settle();
    expect(await countNews(id)).toBe(1);
  });
});
