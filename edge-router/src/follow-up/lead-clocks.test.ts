import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type SentMessage, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let database: TestDatabase;
let router: TestRouter;
let laterMs = 0;
const MINUTE_MS = 60_000;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({
    database,
    nowMs: () => Date.now() + laterMs,
    receiver: { verify: () => Promise.resolve(true) },
  });
  const rows = ['A', 'B', 'C'].map((code, index) =>
    testRow({ 'Franchise Code': code, 'Zip Code': ['02134', '02135', '02139'][index] ?? '' }),
  );
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: { 'content-type': 'text/csv' } });
  await setUp({ minutes: 15, maxReroutes: 2, workingHoursOnly: false });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

const setUp = async (sla: Record<string, unknown> | null): Promise<void> => {
  expect((await router.send('PUT', '/v1/settings/leads', { body: { sla } })).status).toBe(200);
};

const takeFrom = ({ sent }: TestRouter): SentMessage[] => sent.splice(0);
const take = (): SentMessage[] => takeFrom(router);

/** Brings messages to their jobs, as QStash would, and answers what they led to. */
async function run(messages: readonly SentMessage[]): Promise<SentMessage[]> {
  for (const { url, body } of messages) {
    const answer = await router.send('POST', new URL(url).pathname, { body, apiKey: null });
    expect(answer.status).toBe(204);
  }
  await router.settle();
  return take();
}

const isClock = ({ url }: SentMessage): boolean => url.endsWith('/lead-clock');

async function sendLead(): Promise<{ leadId: string; clocks: SentMessage[] }> {
  take();
  const answer = await router.send('POST', '/v1/leads', { body: { source: 'sla', postalCode: '02134' } });
  await router.settle();
  const { leadId } = (await answer.json()) as Json;
  return { leadId, clocks: (await run(take())).filter(isClock) };
}

const lead = async (leadId: string): Promise<Json> => (await router.send('GET', `/v1/leads/${leadId}`)).json();

const kindsOf = ({ timeLine }: Json): string[] =>
  timeLine.map(({ kind }: Json) => kind).filter((kind: string) => kind !== 'announced');

it('a lead that nobody touches goes from one to the next, as often as allowed, and then stays', async () => {
  const { leadId, clocks } = await sendLead();
  expect(clocks).toHaveLength(1);
  expect(clocks[0]?.delay).toBeGreaterThan(14 * 60);
  const first = await lead(leadId);
  expect(first.location.franchiseCode).toBe('A');
  expect(Date.parse(first.actBy) - Date.parse(first.createdAt)).toBeGreaterThanOrEqual(14 * MINUTE_MS);
  let due = clocks;
  const holders: string[] = [];
  for (let round = 0; round < 3; round++) {
    laterMs += 16 * MINUTE_MS;
    // Each comes twice; the second time changes nothing.
    const news = [...(await run(due)), ...(await run(due))].filter((message) => !isClock(message));
    due = (await run(news)).filter(isClock);
    holders.push((await lead(leadId)).location.franchiseCode);
  }
  expect(holders).toEqual(['B', 'C', 'C']);
  expect(due).toEqual([]);
  const found = await lead(leadId);
  expect(kindsOf(found).filter((kind) => kind === 'sla_missed')).toHaveLength(3);
  expect(kindsOf(found).filter((kind) => kind === 'reassigned')).toHaveLength(2);
  const { rows } = await database.pool.query(
    `select detail->>'rerouted' as rerouted from lead_events where lead_id = $1 and kind = 'sla_missed' order by at`,
    [leadId],
  );
  expect(rows.map(({ rerouted }) => rerouted)).toEqual(['true', 'true', 'false']);
});

it('a Worker that ends between taking the lead away and writing that down has missed the clock all the same', async () => {
  const { leadId, clocks } = await sendLead();
  laterMs += 16 * MINUTE_MS;
  await database.pool.query('alter function miss_lead_clock rename to away');
  for (const { url, body } of clocks) {
    expect((await router.send('POST', new URL(url).pathname, { body, apiKey: null })).status).toBe(500);
  }
  await database.pool.query('alter function away rename to miss_lead_clock');
  await run(clocks);
  const found = await lead(leadId);
  expect([found.location.franchiseCode, kindsOf(found)]).toEqual(['B', ['assigned', 'reassigned', 'sla_missed']]);
  const { rows } = await database.pool.query('select outcome from lead_clocks where lead_id = $1 and move = 0', [
    leadId,
  ]);
  expect(rows).toEqual([{ outcome: 'missed' }]);
});

it('a lead that was touched stays, and a message that comes early does nothing', async () => {
  const { leadId, clocks } = await sendLead();
  expect((await run(clocks)).filter(isClock)).toHaveLength(1);
  await router.send('POST', `/v1/leads/${leadId}/status`, { body: { status: 'contacted' } });
  laterMs += 20 * MINUTE_MS;
  await run(clocks);
  const found = await lead(leadId);
  expect([found.location.franchiseCode, kindsOf(found)]).toEqual(['A', ['assigned', 'contacted']]);
  expect(found.actBy).toBeNull();
});

it('a message that was lost is made good each minute', async () => {
  const { leadId } = await sendLead();
  await database.pool.query(`update lead_clocks set due_at = now() - interval '1 hour' where lead_id = $1`, [leadId]);
  await router.app.sweepClocks();
  expect((await lead(leadId)).location.franchiseCode).toBe('B');
});

it('only the location’s open hours count where the brand says so', async () => {
  const { items } = (await (await router.send('GET', '/v1/locations')).json()) as Json;
  const { id } = items.find(({ franchiseCode }: Json) => franchiseCode === 'A');
  const isSet = await router.send('PATCH', `/v1/locations/${id}`, { body: { hours: 'Mon 09:00-09:05' } });
  expect(isSet.status).toBe(200);
  await setUp({ minutes: 15, maxReroutes: 2, workingHoursOnly: true });
  const { leadId } = await sendLead();
  const { rows } = await database.pool.query(
    `select extract(epoch from due_at - started_at) / 86400 as days from lead_clocks where lead_id = $1`,
    [leadId],
  );
  expect(Number(rows[0]?.days)).toBeGreaterThan(13);
});

it('no clock runs where the brand has none', async () => {
  await setUp(null);
  expect((await sendLead()).clocks).toEqual([]);
});

it('where leads are delivered, a clock waits for the delivery; where the location has no sub-account, it begins at once', async () => {
  const highlevel = {
    baseUrl: 'http://127.0.0.1:9',
    authorizeUrl: 'http://127.0.0.1:9',
    companyId: 'company',
    appId: 'app',
    clientId: 'client',
    agencyToken: 'agency-token-of-tests',
    clientSecret: 'client-secret-of-tests',
    tokenKey: 'a token key for tests that is long enough',
    webhookPublicKeys: [],
  };
  const delivering = await createTestRouter({
    database,
    highlevel,
    receiver: { verify: () => Promise.resolve(true) },
  });
  const rows = [
    testRow({ 'Franchise Code': 'D', 'Zip Code': '02134', 'Sub-account Id': 'subAccountD' }),
    testRow({ 'Franchise Code': 'E', 'Zip Code': '02135' }),
  ];
  const headers = { 'content-type': 'text/csv' };
  expect((await delivering.send('POST', '/v1/locations/import', { body: csvOf(rows), headers })).status).toBe(200);
  await setUp({ minutes: 15, maxReroutes: 2, workingHoursOnly: false });
  const startedFor = async (location: string): Promise<number> => {
    const answer = await delivering.send('POST', '/v1/leads', { body: { source: 'sla', location } });
    const { leadId } = (await answer.json()) as Json;
    await delivering.settle();
    for (const { url, body } of takeFrom(delivering).filter((message) => message.url.endsWith('/lead-events')))
      await delivering.send('POST', new URL(url).pathname, { body, apiKey: null });
    await delivering.settle();
    const { rows: clocks } = await database.pool.query('select 1 from lead_clocks where lead_id = $1', [leadId]);
    return clocks.length;
  };
  expect([await startedFor('D'), await startedFor('E')]).toEqual([0, 1]);
  await setUp(null);
});
