import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveLeads } from '../../../db/queries/archive-leads.ts';
import { measureParkingLot } from '../../../db/queries/measure-parking-lot.ts';
import { leadIdAt } from '../../../db/testing/assign-lead-request.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, mintApiKey, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function send(path: string, body: unknown): Promise<{ status: number; json: Json }> {
  const answer = await router.send('POST', path, { body });
  return { status: answer.status, json: (await answer.json()) as Json };
}

/** Every text that any table has. */
async function readEverything(): Promise<string> {
  const { rows: tables } = await database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await database.pool.query(`select row_to_json(t)::text as text from ${name} t`);
    texts.push(...rows.map(({ text }) => String(text)));
  }
  return texts.join('\n');
}

const lead = (more: Record<string, unknown>): Record<string, unknown> => ({
  source: 'site',
  firstName: 'Wilhelmina',
  lastName: 'Quackenbush',
  email: 'Wilma@Example.com',
  phone: '(617) 555-0177',
  address: '12 Hidden Lane',
  postalCode: '02134',
  utm: { campaign: 'quackenbush' },
  consent: { text: 'Wilhelmina agreed' },
  metadata: { note: 'Wilhelmina called' },
  ...more,
});

it('a person is nowhere any more, by e-mail or phone, and all others are as they were', async () => {
  const source = (await (await router.send('PUT', '/v1/sources/form', { body: {} })).json()) as Json;
  await send('/v1/leads', lead({}));
  await send('/v1/leads', lead({ email: 'second@example.com', externalId: 'x-1' }));
  await send('/v1/leads', { source: 'site', email: 'other@example.com', firstName: 'Otto' });
  const headers = { 'x-switchyard-secret': source.secret };
  const posted = { mail: 'wilma@example.com', email: 'WILMA@example.com', name: 'Wilhelmina' };
  await router.send('POST', '/v1/webhooks/forms/form', { body: posted, headers, apiKey: null });
  await router.settle();
  const before = await readEverything();
  expect(before).toMatch(/wilma@example/i);

  const erased = await send('/v1/people/erase', { email: ' wilma@EXAMPLE.com ', phone: '617-555-0177' });
  expect(erased).toEqual({ status: 200, json: { leads: 2, events: 1, contacts: [] } });
  const after = await readEverything();
  expect(after).not.toMatch(/wilma|quackenbush|wilhelmina|hidden lane|5550177|555-0177/i);
  expect(after).toContain('other@example.com');
  expect(router.logged.join('\n')).not.toMatch(/wilma|quackenbush/i);
  const { rows } = await database.pool.query(
    'select leads, events, cardinality(person_hashes) as hashes from erasures',
  );
  expect(rows).toEqual([{ leads: 2, events: 1, hashes: 2 }]);

  expect((await send('/v1/people/erase', { email: 'wilma@example.com' })).json).toMatchObject({ leads: 0 });
  const again = await send('/v1/leads', lead({}));
  expect(again).toMatchObject({ status: 201, json: { replayed: false, duplicateOf: null } });
});

it('a phone is found however a form wrote it, where no lead came of it', async () => {
  const source = (await (await router.send('PUT', '/v1/sources/callback', { body: {} })).json()) as Json;
  const headers = { 'x-switchyard-secret': source.secret };
  for (const callback of ['call (617) 555.0188 now', '1-617-555-0188', '16175550188', '617-555-01889'])
    await router.send('POST', '/v1/webhooks/forms/callback', { body: { callback }, headers, apiKey: null });
  await router.settle();
  const erased = await send('/v1/people/erase', { phone: '+16175550188' });
  expect(erased.json).toMatchObject({ leads: 0, events: 3 });
  expect(await readEverything()).not.toMatch(/555.0188\b|5550188\b/);
});

it('asks for an e-mail or a phone, and for a key that may', async () => {
  expect((await send('/v1/people/erase', {})).status).toBe(422);
  const bad = await send('/v1/people/erase', { email: 'no', phone: '12' });
  expect(bad.json.errors.map(({ field }: Json) => field)).toEqual(['email', 'phone']);
  const apiKey = await mintApiKey(router.deps, ['leads:write']);
  const body = { email: 'a@example.com' };
  expect((await router.send('POST', '/v1/people/erase', { body, apiKey })).status).toBe(403);
});

/** A webhook as `POST /v1/webhooks/highlevel` stores it. */
const storeWebhook = (id: string, payload: Record<string, unknown>, leadId: string | null = null): Promise<unknown> =>
  database.pool.query(
    `insert into webhook_events (id, type, ghl_location_id, resource_id, outcome, payload, handled_as, handled_at, lead_id)
     select $1, p ->> 'type', 'sub-1', p ->> 'id', 'accepted', p, 'not_needed', now(), $3::uuid from (select $2::jsonb as p) p`,
    [id, JSON.stringify(payload), leadId],
  );

it('what a form sent is found however the phone is written, and nobody whose address only contains theirs is taken along', async () => {
  const source = (await (await router.send('PUT', '/v1/sources/odd', { body: {} })).json()) as Json;
  const headers = { 'x-switchyard-secret': source.secret };
  const post = (body: unknown) => router.send('POST', '/v1/webhooks/forms/odd', { body, headers, apiKey: null });
  expect((await post({ wer: { fon: '(617) 555-0188', wie: 'Xaver' } })).status).toBe(422);
  expect((await post({ wer: { fon: 16_175_550_188, wie: 'Xaver' } })).status).toBe(422);
  expect((await post({ wer: { text: 'call\n617.555.0188 or\nxaver@example.com\tplease' } })).status).toBe(422);
  for (const body of [
    { email: 'franz.xaver@example.com', name: 'Yusuf' },
    { email: 'xaver@example.com.au', name: 'Yusuf' },
    { order: '9916175550188', email: 'yusuf@example.com', name: 'Yusuf' },
  ]) {
    expect((await post(body)).status).toBe(202);
  }
  const erased = await send('/v1/people/erase', { email: 'xaver@example.com', phone: '+1 617 555 0188' });
  expect(erased.json).toMatchObject({ events: 3 });
  const { rows } = await database.pool.query(
    `select payload ->> 'name' as name, handled_at from webhook_events where source = 'odd' and payload is not null`,
  );
  expect(rows).toEqual([1, 2, 3].map(() => ({ name: 'Yusuf', handled_at: null })));
});

it('what HighLevel told of their contact is forgotten, also where it says neither e-mail nor phone', async () => {
  await storeWebhook('told-1', { type: 'ContactCreate', id: 'contact-1', email: 'Zoe@Example.com', firstName: 'Zoe' });
  await storeWebhook('told-2', { type: 'InboundMessage', contactId: 'contact-1', body: 'Zoe here' });
  await storeWebhook('told-3', { type: 'OpportunityCreate', id: 'o', contactId: 'contact-1', name: 'Zoe' });
  await storeWebhook('told-4', { type: 'AppointmentCreate', appointment: { contactId: 'contact-1', title: 'Zoe' } });
  await storeWebhook('told-5', { type: 'InboundMessage', contactId: 'contact-2', body: 'somebody else' });
  expect((await send('/v1/people/erase', { email: 'zoe@example.com' })).json).toMatchObject({ events: 4 });
  const after = await readEverything();
  expect(after).not.toMatch(/zoe/i);
  expect(after).toContain('somebody else');
});

it('nothing of where exactly they were is left, nor of an id that is their address', async () => {
  const coordinates = { lng: -71.123_456, lat: 42.345_678 };
  const { json } = await send('/v1/leads', {
    source: 'site',
    externalId: 'Vera@Example.com',
    email: 'vera@example.com',
    coordinates,
  });
  await send('/v1/people/erase', { email: 'vera@example.com' });
  const after = await readEverything();
  expect(after).not.toMatch(/vera|71\.12345|42\.34567/i);
  expect((await router.send('GET', `/v1/leads/${json.leadId}`)).status).toBe(200);
});

describe('a lead of somebody who was erased', () => {
  beforeAll(async () => {
    const rows = ['A', 'B'].map((code) => testRow({ 'Franchise Code': code, 'Zip Code': '02134' }));
    const headers = { 'content-type': 'text/csv' };
    await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers });
  });

  it('takes no seat any more: it waits for none, and its time to act has no end', async () => {
    const parked = await send('/v1/leads', { source: 'site', email: 'uma@example.com' });
    const assigned = await send('/v1/leads', { source: 'site', email: 'uma@example.org', location: 'A' });
    expect([parked.json.status, assigned.json.status]).toEqual(['parked', 'assigned']);
    const { leadId, location } = assigned.json;
    await database.pool.query(
      `insert into lead_clocks (lead_id, move, location_id, started_at, due_at) values ($1, 0, $2, now(), now())`,
      [leadId, location.id],
    );
    await database.pool.query(
      `insert into deliveries (lead_id, location_id, move, ghl_location_id, status) values ($1, $2, 0, 'sub-1', 'pending')`,
      [leadId, location.id],
    );
    await send('/v1/people/erase', { email: 'uma@example.com' });
    await send('/v1/people/erase', { email: 'uma@example.org' });
    const { rows } = await database.pool.query(
      `select (select count(*) from parking_lot where lead_id = $1)::int as waiting,
        (select count(*) from lead_clocks where lead_id = $2 and ended_at is null)::int as clocks,
        (select status from deliveries where lead_id = $2) as delivery`,
      [parked.json.leadId, leadId],
    );
    expect(rows).toEqual([{ waiting: 0, clocks: 0, delivery: 'cancelled' }]);
    await send('/v1/people/erase', { email: 'other@example.com' });
    expect(await measureParkingLot(router.deps.database)).toEqual({ waiting: 0, oldestAgeSeconds: null });
  });

  it('that was archived has no events with what they say', async () => {
    await database.pool.query(`select ensure_past_lead_partitions((now() - interval '5 months')::date, now()::date)`);
    const { json } = await send('/v1/leads', { source: 'site', email: 'tess@example.com' });
    const id = leadIdAt(Date.now() - 100 * 24 * 60 * 60_000);
    await database.pool.query(`update leads set id = $2, created_at = uuid_extract_timestamp($2::uuid) where id = $1`, [
      json.leadId,
      id,
    ]);
    await storeWebhook('told-6', { type: 'InboundMessage', contactId: 'contact-6', body: 'Tess here' }, id);
    while ((await archiveLeads(router.deps.database, { keptMonths: 1, limit: 1000 })) !== null);
    await send('/v1/people/erase', { email: 'tess@example.com' });
    expect(await readEverything()).not.toMatch(/tess/i);
  });
});
