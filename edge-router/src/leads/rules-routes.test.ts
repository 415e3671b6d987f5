import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { RoutedLead } from './routed-lead.ts';

let database: TestDatabase;
let router: TestRouter;
let aheadMs = 0;

const initial = {
  radiusMiles: 50,
  territory: { whenOwnerUnavailable: 'overflow' },
  overflow: { mode: 'nearest', radiusMiles: 150 },
  stickyDays: 90,
  dedupeWindowMinutes: 60,
};
const wide = { ...initial, radiusMiles: 500 };
/** What a document need not say. */
const leftOut = {
  strategy: { kind: 'nearest' },
  hours: 'ignored',
  fromBrowser: [],
  timezone: 'America/New_York',
};

interface Answer {
  readonly status: number;
  readonly answer: Record<string, unknown>;
}

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database, nowMs: () => Date.now() + aheadMs });
  const body = csvOf([testRow({ 'Franchise Code': 'BOS', 'Zip Code': '02134', City: 'Allston' })]);
  await router.send('POST', '/v1/locations/import', { body, headers: { 'content-type': 'text/csv' } });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await router.send(method, path, body === undefined ? {} : { body });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

async function draft(document: unknown): Promise<number> {
  const { status, answer } = await ask('POST', '/v1/rules', document);
  expect(status).toBe(201);
  return Number(answer['version']);
}

/** A lead from New York, about 190 miles from the only location. */
async function sendLead(): Promise<RoutedLead> {
  const response = await router.send('POST', '/v1/leads', { body: { source: 'web', postalCode: '10001' } });
  return (await response.json()) as RoutedLead;
}

describe('a version of the rules', () => {
  it('decides the next lead once it is published, and not before', async () => {
    const parked = await sendLead();
    expect([parked.status, parked.decision.ruleVersion]).toEqual(['parked', 1]);
    expect(await draft(wide)).toBe(2);
    expect((await sendLead()).status).toBe('parked');
    const { status, answer } = await ask('POST', '/v1/rules/2/publish', {});
    expect([status, answer]).toEqual([
      200,
      {
        version: 2,
        status: 'published',
        inEffect: true,
        effectiveAt: expect.any(String),
        publishedAt: expect.any(String),
        document: { ...wide, ...leftOut },
      },
    ]);
    const assigned = await sendLead();
    expect([assigned.status, assigned.decision.ruleVersion]).toEqual(['assigned', 2]);
    expect(assigned.location?.franchiseCode).toBe('BOS');
  });

  it('published for later takes effect when its time comes, without any other change', async () => {
    const version = await draft(initial);
    const effectiveAt = new Date(Date.now() + aheadMs + 3_600_000).toISOString();
    const published = await ask('POST', `/v1/rules/${version}/publish`, { effectiveAt });
    expect(published).toMatchObject({ status: 200, answer: { inEffect: false } });
    expect((await sendLead()).decision.ruleVersion).toBe(2);
    const before = (await database.pool.query('select * from directory_state')).rows;
    aheadMs += 3_600_001;
    const lead = await sendLead();
    expect([lead.status, lead.decision.ruleVersion]).toEqual(['parked', version]);
    expect((await database.pool.query('select * from directory_state')).rows).toEqual(before);
    expect((await ask('GET', `/v1/rules/${version}`)).answer).toMatchObject({ inEffect: true });
    const late = await createTestRouter({ database, nowMs: () => Date.now() + aheadMs });
    const preview = await late.send('POST', '/v1/leads/preview', { body: { source: 'web', postalCode: '10001' } });
    expect(((await preview.json()) as RoutedLead).decision.ruleVersion).toBe(version);
    await late.settle();
  });

  it('is listed newest first, page by page, with the one that is in effect', async () => {
    await draft(wide);
    const all = (await ask('GET', '/v1/rules')).answer as { items: Record<string, unknown>[] };
    expect(all).toEqual({
      items: [
        { version: 4, status: 'draft', inEffect: false, effectiveAt: null, publishedAt: null },
        expect.objectContaining({ version: 3, status: 'published', inEffect: true }),
        expect.objectContaining({ version: 2, status: 'published', inEffect: false }),
        expect.objectContaining({ version: 1, status: 'published', inEffect: false }),
      ],
      nextCursor: null,
    });
    const first = await ask('GET', '/v1/rules?limit=3');
    expect(first.answer['nextCursor']).toBe('2');
    expect((await ask('GET', '/v1/rules?limit=3&cursor=2')).answer['items']).toMatchObject([{ version: 1 }]);
    expect((await ask('GET', '/v1/rules?limit=0&cursor=x&page=1')).answer['errors']).toHaveLength(3);
  });

  it('is replaced as long as it is a draft, and never after', async () => {
    const version = await draft(initial);
    expect(await ask('PUT', `/v1/rules/${version}`, wide)).toMatchObject({
      status: 200,
      answer: { version, status: 'draft', document: wide },
    });
    expect((await ask('GET', `/v1/rules/${version}`)).answer).toMatchObject({ document: wide });
    expect(await ask('PUT', '/v1/rules/1', wide)).toMatchObject({ status: 409, answer: { code: 'conflict' } });
    expect((await ask('GET', '/v1/rules/1')).answer).toMatchObject({ document: initial });
  });

  it('published twice answers the same, and a conflict for another time', async () => {
    const version = await draft(initial);
    const effectiveAt = new Date(Date.now() + aheadMs + 60_000).toISOString();
    const first = await ask('POST', `/v1/rules/${version}/publish`, { effectiveAt });
    const bodies = [{ effectiveAt }, {}, { effectiveAt: effectiveAt.replace('Z', '+00:00') }];
    const again = await Promise.all(bodies.map((body) => ask('POST', `/v1/rules/${version}/publish`, body)));
    expect(again).toEqual([first, first, first]);
    const other = new Date(Date.now() + aheadMs + 120_000).toISOString();
    const conflict = await ask('POST', `/v1/rules/${version}/publish`, { effectiveAt: other });
    expect(conflict).toMatchObject({ status: 409, answer: { code: 'conflict' } });
  });

  it('drafted by many at once gets numbers of its own', async () => {
    const versions = await Promise.all(Array.from({ length: 8 }, () => draft(initial)));
    expect(new Set(versions).size).toBe(8);
    expect(Math.max(...versions) - Math.min(...versions)).toBe(7);
  });
});

describe('what is refused', () => {
  it('is a document with bad fields, all named at once', async () => {
    const { status, answer } = await ask('POST', '/v1/rules', {
      radiusMiles: 0,
      territory: { whenOwnerUnavailable: 'maybe' },
      overflow: { mode: 'nearest', radiusMiles: 'far' },
      stickyDays: 1.5,
      extra: true,
    });
    expect(status).toBe(422);
    const errors = answer['errors'] as { field: string }[];
    expect(errors.map((error) => error.field).sort()).toEqual(
      [
        'radiusMiles',
        'territory.whenOwnerUnavailable',
        'overflow.radiusMiles',
        'stickyDays',
        'dedupeWindowMinutes',
        'extra',
      ].sort(),
    );
  });

  it.each(['2020-01-01T00:00:00Z', 'tomorrow', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59'])(
    'is the time %s to take effect',
    async (effectiveAt) => {
      const version = await draft(initial);
      const { status, answer } = await ask('POST', `/v1/rules/${version}/publish`, { effectiveAt });
      expect([status, answer['errors']]).toEqual([422, [expect.objectContaining({ field: 'effectiveAt' })]]);
      expect((await ask('GET', `/v1/rules/${version}`)).answer).toMatchObject({ status: 'draft' });
    },
  );

  it('is to publish a stored draft that is no rules', async () => {
    const version = await draft(initial);
    await database.pool.query(`update rules set document = '{"radiusMiles": "x"}' where version = $1`, [version]);
    expect((await ask('POST', `/v1/rules/${version}/publish`, {})).status).toBe(422);
  });

  it.each([
    ['GET', '/v1/rules/999', undefined],
    ['GET', '/v1/rules/99999999999', undefined],
    ['PUT', '/v1/rules/x', wide],
    ['POST', '/v1/rules/0/publish', {}],
  ])('is a version that nobody made: %s %s', async (method, path, body) => {
    expect(await ask(method, path, body)).toMatchObject({ status: 404, answer: { code: 'not_found' } });
  });
});
