import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, mintApiKey, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { BatchAnswer, BatchItem } from './batch-answer.ts';
import type { RoutedLead } from './routed-lead.ts';

const ZIPS = ['02134', '02446', '10001', '60601', '90012', '77002'];

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  const places = [
    { City: 'Allston', State: 'MA' },
    { City: 'Brookline', State: 'MA' },
    { City: 'New York', State: 'NY' },
    { City: 'Chicago', State: 'IL' },
    { City: 'Los Angeles', State: 'CA' },
    { City: 'Houston', State: 'TX' },
  ];
  const rows = ZIPS.map((zip, index) => testRow({ 'Franchise Code': `L-${zip}`, 'Zip Code': zip, ...places[index] }));
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: { 'content-type': 'text/csv' } });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function sendBatch(
  leads: readonly unknown[],
  headers: Record<string, string> = {},
): Promise<{ status: number; answer: BatchAnswer; headers: Headers }> {
  const response = await router.send('POST', '/v1/leads/batch', { body: { leads }, headers });
  return { status: response.status, answer: (await response.json()) as BatchAnswer, headers: response.headers };
}

async function sendLead(
  lead: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; lead: RoutedLead }> {
  const response = await router.send('POST', '/v1/leads', { body: lead, headers });
  return { status: response.status, lead: (await response.json()) as RoutedLead };
}

async function count(sql: string, values: unknown[] = []): Promise<number> {
  return (await database.pool.query<{ count: number }>(sql, values)).rows[0]?.count ?? -1;
}

const countLeads = (source: string): Promise<number> =>
  count('select count(*)::int from leads where source = $1', [source]);

function leadOf(item: BatchItem | undefined): RoutedLead {
  if (!item || !('lead' in item) || item.lead.status === 'accepted') throw new Error('this item is no lead');
  return item.lead;
}

describe('a batch', () => {
  it('gives every lead an outcome of its own, in order, in one call to Postgres', async () => {
    const source = 'mixed';
    const { status, answer, headers } = await sendBatch([
      { source, externalId: '1', postalCode: '02134' },
      { source, email: 7, score: -1, nonsense: true },
      { source, externalId: '1', postalCode: '02134' },
      { source, externalId: '1', postalCode: '10001' },
      'no lead at all',
      { source },
      { source, postalCode: '60601', email: ' Twice@Example.COM ' },
      { source, postalCode: '60601', email: 'twice@example.com' },
    ]);
    expect(status).toBe(200);
    expect(headers.get('server-timing')).toMatch(/^postgres;dur=[\d.]+;desc="1 call"$/);
    expect(answer.counts).toEqual({ assigned: 2, parked: 1, duplicate: 1, replayed: 1, accepted: 0, refused: 3 });
    expect(answer.items.map(({ index, status: each }) => [index, each])).toEqual([
      [0, 201],
      [1, 422],
      [2, 200],
      [3, 409],
      [4, 422],
      [5, 201],
      [6, 201],
      [7, 201],
    ]);
    expect(leadOf(answer.items[0]).location?.franchiseCode).toBe('L-02134');
    expect(leadOf(answer.items[2])).toEqual({ ...leadOf(answer.items[0]), replayed: true });
    expect(answer.items[3]).toMatchObject({
      problem: { code: 'idempotency_conflict', leadId: leadOf(answer.items[0]).leadId },
    });
    const named = ['email', 'score', 'nonsense'].map((field) => expect.objectContaining({ field }));
    expect(answer.items[1]).toMatchObject({ problem: { errors: expect.arrayContaining(named) } });
    expect(leadOf(answer.items[5])).toMatchObject({ status: 'parked', decision: { parkedReason: 'no_place' } });
    expect(leadOf(answer.items[7])).toMatchObject({
      status: 'duplicate',
      duplicateOf: leadOf(answer.items[6]).leadId,
    });
    expect(await countLeads(source)).toBe(4);
  });

  it('answers each lead as it would alone', async () => {
    const leads = ZIPS.map((postalCode, n) => ({ source: 'alike', externalId: `${n}`, postalCode, service: 'sewer' }));
    const { answer } = await sendBatch(leads);
    for (const [index, lead] of leads.entries()) {
      const alone = await sendLead({ ...lead, source: 'alone' });
      const { leadId: _one, ...inBatch } = leadOf(answer.items[index]);
      const { leadId: _other, ...onItsOwn } = alone.lead;
      expect(inBatch).toEqual(onItsOwn);
    }
  });

  it('decides again, together, for those whose person has a location and those whose location was full', async () => {
    const email = 'sticky-in-batch@example.com';
    const before = await sendLead({ source: 'sticky', postalCode: '77002', email });
    const age = `update person_keys set lead_at = lead_at - interval '1 day' where lead_id = $1`;
    await database.pool.query(age, [before.lead.leadId]);
    const { answer, headers } = await sendBatch([
      { source: 'sticky', postalCode: '10001', email },
      { source: 'sticky', postalCode: '10001' },
    ]);
    expect(leadOf(answer.items[0])).toMatchObject({
      location: { franchiseCode: 'L-77002' },
      decision: { matchLevel: 'sticky' },
    });
    expect(leadOf(answer.items[1]).location?.franchiseCode).toBe('L-10001');
    expect(headers.get('server-timing')).toContain('2 calls');
  });

  it('of 500 is taken whole, and again under its leads’ own keys makes none twice', async () => {
    const leads = Array.from({ length: 500 }, (_, n) => ({
      source: 'five-hundred',
      externalId: `${n}`,
      postalCode: ZIPS[n % ZIPS.length],
      email: `person-${n}@example.com`,
    }));
    expect((await sendBatch(leads)).answer.counts).toMatchObject({ assigned: 500, refused: 0 });
    expect((await sendBatch(leads.toReversed())).answer.counts).toMatchObject({ replayed: 500 });
    expect(await countLeads('five-hundred')).toBe(500);
  }, 30_000);

  it.each([
    ['501 leads', { leads: Array.from({ length: 501 }, () => ({ source: 'too-many' })) }, 'leads'],
    ['none', { leads: [] }, 'leads'],
    ['no list', { leads: { source: 'too-many' } }, 'leads'],
    ['another field beside', { leads: [{ source: 'too-many' }], dryRun: true }, 'dryRun'],
  ])('with %s is refused as a whole, and nothing is written', async (_name, body, field) => {
    const response = await router.send('POST', '/v1/leads/batch', { body });
    expect(response.status).toBe(422);
    const problem = (await response.json()) as { code: string; errors: { field: string }[] };
    expect(problem.code).toBe('invalid_input');
    expect(problem.errors.map((error) => error.field)).toEqual([field]);
    expect(await countLeads('too-many')).toBe(0);
  });

  it('may be the list alone', async () => {
    const response = await router.send('POST', '/v1/leads/batch', { body: [{ source: 'bare', postalCode: '02134' }] });
    expect(((await response.json()) as BatchAnswer).counts.assigned).toBe(1);
  });

  it('sent by 8 clients in opposite orders, with the same people and keys, fails nobody and doubles nothing', async () => {
    const leads = Array.from({ length: 120 }, (_, n) => ({
      source: 'opposite',
      externalId: `${n}`,
      postalCode: ZIPS[n % ZIPS.length],
      email: `opposite-${n}@example.com`,
      phone: `617-555-${String(1000 + n).padStart(4, '0')}`,
    }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, client) => sendBatch(client % 2 === 0 ? leads : leads.toReversed())),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    const sums = { assigned: 0, replayed: 0, parked: 0, duplicate: 0, accepted: 0, refused: 0 };
    for (const { answer } of answers) {
      for (const [outcome, each] of Object.entries(answer.counts)) sums[outcome as keyof typeof sums] += each;
    }
    expect(sums).toEqual({ assigned: 120, replayed: 840, parked: 0, duplicate: 0, accepted: 0, refused: 0 });
    expect(await countLeads('opposite')).toBe(120);
  }, 60_000);
});

describe('an Idempotency-Key', () => {
  it('gives the first answer again for the same lead, and a conflict for another', async () => {
    const headers = { 'idempotency-key': 'order-66' };
    const first = await sendLead({ source: 'keyed', postalCode: '02134' }, headers);
    expect(first.status).toBe(201);
    const response = await router.send('POST', '/v1/leads', {
      body: { postalCode: '02134', source: 'keyed' },
      headers,
    });
    expect([response.status, response.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(await response.json()).toEqual({ ...first.lead, replayed: true });
    const other = await sendLead({ source: 'keyed', postalCode: '10001' }, headers);
    expect([other.status, (other.lead as unknown as { code: string }).code]).toEqual([409, 'idempotency_conflict']);
    expect(await countLeads('keyed')).toBe(1);
  });

  it('is known to its API key alone, and for 24 hours', async () => {
    const headers = { 'idempotency-key': 'shared-words' };
    await sendLead({ source: 'scoped', postalCode: '02134' }, headers);
    const apiKey = await mintApiKey(router.deps, ['leads:write']);
    const other = await router.send('POST', '/v1/leads', {
      body: { source: 'scoped', postalCode: '10001' },
      headers,
      apiKey,
    });
    expect(other.status).toBe(201);
    await database.pool.query(`update idempotency_keys set created_at = created_at - interval '25 hours'`);
    expect((await sendLead({ source: 'scoped', postalCode: '60601' }, headers)).status).toBe(201);
  });

  it('on a batch holds for each of its places', async () => {
    const headers = { 'idempotency-key': 'batch-1' };
    const leads = ZIPS.map((postalCode) => ({ source: 'keyed-batch', postalCode }));
    expect((await sendBatch(leads, headers)).answer.counts).toMatchObject({ assigned: 6 });
    expect((await sendBatch(leads, headers)).answer.counts).toMatchObject({ replayed: 6 });
    const changed = leads.with(2, { source: 'keyed-batch', postalCode: '02134' });
    expect((await sendBatch(changed, headers)).answer.items.map(({ status }) => status)).toEqual([
      200, 200, 409, 200, 200, 200,
    ]);
    expect(await countLeads('keyed-batch')).toBe(6);
  });

  it('sent 20 times at once makes one lead', async () => {
    const headers = { 'idempotency-key': 'at-once' };
    const sent = await Promise.all(
      Array.from({ length: 20 }, () => sendLead({ source: 'at-once', postalCode: '02134' }, headers)),
    );
    expect(sent.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(sent.map(({ lead }) => lead.leadId)).size).toBe(1);
    expect(await countLeads('at-once')).toBe(1);
  });

  it.each([[''], ['with space'], ['x'.repeat(256)], ['schl\u00fcssel']])('%j is refused', async (key) => {
    const headers = { 'idempotency-key': key };
    const { status, lead } = await sendLead({ source: 'malformed-key' }, headers);
    expect([status, lead]).toEqual([
      422,
      expect.objectContaining({ errors: [expect.objectContaining({ field: 'Idempotency-Key' })] }),
    ]);
    expect(await countLeads('malformed-key')).toBe(0);
  });
});

describe('two leads of one person at the same moment', () => {
  it('from two clients, 100 pairs: one is assigned, the other linked to it', async () => {
    const pairs = Array.from({ length: 100 }, (_, n) => {
      const email = `pair-${n}@example.com`;
      return [
        { source: 'pair-a', externalId: `${n}`, postalCode: '02134', email },
        { source: 'pair-b', externalId: `${n}`, postalCode: '10001', email: email.toUpperCase() },
      ];
    });
    for (let start = 0; start < pairs.length; start += 25) {
      await Promise.all(pairs.slice(start, start + 25).map((pair) => Promise.all(pair.map((lead) => sendLead(lead)))));
    }
    expect(await count(`select count(*)::int from leads where source like 'pair-%' and status = 'assigned'`)).toBe(100);
    expect(await count(`select count(*)::int from leads where source like 'pair-%' and status = 'duplicate'`)).toBe(
      100,
    );
  }, 60_000);
});
