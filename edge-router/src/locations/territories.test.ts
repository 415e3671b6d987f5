import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { TerritoryCheck } from './check-territory.ts';

let database: TestDatabase;
let redis: TestRedis;
let router: TestRouter;
/** Redis is asked for each lead: the copies follow there too. */
let sliced: TestRouter;
let nowMs = Date.now();
const DAY_MS = 86_400_000;

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await createTestRedis();
  router = await createTestRouter({ database, redis: redis.redis, nowMs: () => nowMs });
  sliced = await createTestRouter({ database, redis: redis.redis, nowMs: () => nowMs, maxLocations: 0 });
  const rows = [
    testRow({ 'Franchise Code': 'NEAR', 'Zip Code': '02134', City: 'Allston', State: 'MA' }),
    testRow({ 'Franchise Code': 'A', 'Zip Code': '10001', City: 'New York', State: 'NY' }),
    testRow({ 'Franchise Code': 'B', 'Zip Code': '78701', City: 'Austin', State: 'TX' }),
  ];
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: { 'content-type': 'text/csv' } });
});

afterAll(async () => {
  await router.settle();
  await sliced.settle();
  await database.drop();
  await redis.stop();
});

/** Long enough for every copy to be looked at again. */
beforeEach(() => {
  nowMs += 60_000;
});

type Shown = Record<string, unknown> & { version: number; report: Record<string, { total: number }> };

async function importCsv(csv: string, query = ''): Promise<{ status: number; body: Shown }> {
  const sent = await router.send('POST', `/v1/territories/import${query}`, {
    body: csv,
    headers: { 'content-type': 'text/csv' },
  });
  return { status: sent.status, body: (await sent.json()) as Shown };
}

async function send(method: string, path: string, body?: unknown) {
  const sent = await router.send(method, path, body === undefined ? {} : { body });
  return { status: sent.status, body: (await sent.json()) as Shown };
}

async function check(query: string): Promise<TerritoryCheck> {
  const sent = await router.send('GET', `/v1/territories/check?${query}`);
  expect(sent.status).toBe(200);
  return (await sent.json()) as TerritoryCheck;
}

/** Whom a lead from 02134 goes to, by the whole directory and by slices, and the versions that its decision records. */
async function route(): Promise<string> {
  const answers = [];
  nowMs += 10_000;
  for (const each of [router, sliced]) {
    // The first one may be answered by the copy that it has replaced.
    await each.send('POST', '/v1/leads/preview', { body: { source: 'web', postalCode: '02134' } });
    await each.settle();
    const sent = await each.send('POST', '/v1/leads/preview', { body: { source: 'web', postalCode: '02134' } });
    const { location, decision } = (await sent.json()) as {
      location: { franchiseCode: string } | null;
      decision: { matchLevel: string; territoryVersion: number | null; ruleVersion: number };
    };
    expect(decision.ruleVersion).toBe(1);
    answers.push(`${location?.franchiseCode} ${decision.matchLevel} ${decision.territoryVersion}`);
  }
  expect(answers[1]).toBe(answers[0]);
  return answers[0] ?? '';
}

const owned = (code: string) => `Postal Code,Franchise Code\n02134,${code}\n`;

describe('an import of territories', () => {
  it('is a draft with a report, and routes nobody before it is published', async () => {
    expect(await route()).toBe('NEAR nearest null');
    const drafted = await importCsv(owned('A'));
    expect(drafted.status).toBe(201);
    expect(drafted.body).toMatchObject({ version: 1, status: 'draft', total: 1, inEffect: false, restores: null });
    expect(drafted.body.report).toMatchObject({
      changes: { total: 1, shown: [{ from: null, to: 'A', postalCodes: 1 }] },
    });
    expect(await route()).toBe('NEAR nearest null');
    const published = await send('POST', '/v1/territories/1/publish', {});
    expect(published).toMatchObject({ status: 200, body: { status: 'published', inEffect: true } });
    expect(await route()).toBe('A territory 1');
  });

  it('may be published in the same call, and sent again changes nothing', async () => {
    expect(await importCsv(owned('B'), '?publish=true')).toMatchObject({
      status: 201,
      body: { version: 2, inEffect: true },
    });
    expect(await importCsv(owned('b'), '?publish=true')).toMatchObject({
      status: 201,
      body: { version: 2, inEffect: true },
    });
    expect(await route()).toBe('B territory 2');
  });

  it('has every fault named at once, and nothing is stored', async () => {
    const csv = `Postal Code,State,Franchise Code,Exclusive
02134,,A,
02134,,B,
99999,,A,
,Narnia,A,
02135,,A,perhaps
`;
    const refused = await importCsv(csv, '?publish=true');
    expect(refused.status).toBe(422);
    expect((refused.body['errors'] as { row: number; code: string }[]).map(({ row, code }) => [row, code])).toEqual([
      [3, 'duplicate'],
      [4, 'unknown_postal_code'],
      [5, 'unknown_state'],
      [6, 'not_yes_or_no'],
    ]);
    expect(await importCsv('Postal Code,Franchise Code\n02134,A\n02135,nobody\n')).toMatchObject({
      status: 422,
      body: { errors: [{ row: 3, column: 'Franchise Code', code: 'unknown_franchise_code' }] },
    });
    expect((await send('GET', '/v1/territories')).body).toMatchObject({ items: [{ version: 2 }, { version: 1 }] });
  });

  it('with ranges of two owners that overlap is published only when that is confirmed', async () => {
    const csv = 'Postal Code,Franchise Code\n02100-02139,A\n02130-02199,B\n';
    expect(await importCsv(csv, '?publish=true')).toMatchObject({
      status: 409,
      body: { code: 'conflict', errors: [{ row: 3, value: '02130-02199', code: 'overlap' }] },
    });
    const { body: drafted } = await importCsv(csv);
    expect(drafted.report['overlaps']?.total).toBe(1);
    const path = `/v1/territories/${drafted.version}`;
    expect((await send('POST', `${path}/publish`, {})).status).toBe(409);
    expect(await route()).toBe('B territory 2');
    expect((await send('POST', `${path}/publish`, { allowOverlaps: true })).status).toBe(200);
    expect(await route()).toBe(`A territory ${drafted.version}`);
  });
});

describe('a version of the territories', () => {
  it('published for later takes effect at its time, in every copy', async () => {
    await importCsv(owned('A'), '?publish=true');
    const before = await route();
    const effectiveAt = new Date(nowMs + 3_600_000).toISOString();
    const { body: later } = await importCsv(owned('B'), `?publish=true&effectiveAt=${effectiveAt}`);
    expect(later).toMatchObject({ status: 'published', inEffect: false });
    expect(await route()).toBe(before);
    expect((await check('postalCode=02134')).changes).toMatchObject([
      { effectiveAt, version: later.version, owner: { location: { franchiseCode: 'B' } } },
    ]);
    nowMs += 3_540_000;
    expect(await route()).toBe(before);
    nowMs += 60_000;
    expect(await route()).toBe(`B territory ${later.version}`);
  });

  it('is undone by restoring the one before it', async () => {
    const { body: first } = await importCsv(owned('A'), '?publish=true');
    await importCsv(owned('B'), '?publish=true');
    const restored = await send('POST', `/v1/territories/${first.version}/restore`, {});
    expect(restored).toMatchObject({ status: 201, body: { restores: first.version, inEffect: true, total: 1 } });
    expect(await route()).toBe(`A territory ${restored.body.version}`);
    const { body: rows } = await send('GET', `/v1/territories/${restored.body.version}/rows`);
    expect(rows).toMatchObject({
      items: [{ row: 2, kind: 'zip', value: '02134', franchiseCode: 'A' }],
      nextCursor: null,
    });
  });

  it('never changes once it is published, and a draft may be discarded', async () => {
    const { body: drafted } = await importCsv(owned('A'));
    const path = `/v1/territories/${drafted.version}`;
    expect((await send('POST', `${path}/restore`, {})).status).toBe(409);
    expect((await send('POST', `${path}/publish`, { effectiveAt: '2020-01-01T00:00:00Z' })).status).toBe(422);
    expect((await router.send('DELETE', path)).status).toBe(204);
    expect((await router.send('GET', path)).status).toBe(404);
    expect((await router.send('GET', `${path}/rows`)).status).toBe(404);
    expect((await router.send('DELETE', '/v1/territories/1')).status).toBe(409);
    const again = { effectiveAt: new Date(nowMs + DAY_MS).toISOString() };
    expect((await send('POST', '/v1/territories/1/publish', again)).status).toBe(409);
    expect((await send('POST', '/v1/territories/1/publish', {})).status).toBe(200);
  });

  it('waits for its time beside at most four others', async () => {
    const at = (days: number): string => `?publish=true&effectiveAt=${new Date(nowMs + days * DAY_MS).toISOString()}`;
    const statuses = [];
    for (let days = 1; days <= 6; days++) {
      statuses.push((await importCsv(owned('A'), at(days * 100))).status);
    }
    expect(statuses).toEqual([201, 201, 201, 201, 201, 409]);
    nowMs += 700 * DAY_MS;
    await route();
  });

  it('is given a time only where it is published', async () => {
    const refused = await importCsv(owned('A'), `?effectiveAt=${new Date(nowMs + DAY_MS).toISOString()}`);
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'effectiveAt' }] } });
  });
});

describe('who owns a postal code', () => {
  it('is told for a day on which its row ends at midnight and a version begins at noon', async () => {
    const noon = `${new Date(nowMs + 10 * DAY_MS).toISOString().slice(0, 10)}T17:00:00.000Z`;
    const day = noon.slice(0, 10);
    const last = new Date(Date.parse(noon) - DAY_MS).toISOString().slice(0, 10);
    const { body: first } = await importCsv(`Postal Code,Franchise Code,Last Day\n02134,A,${last}\n`, '?publish=true');
    const { body: second } = await importCsv(owned('B'), `?publish=true&effectiveAt=${noon}`);
    expect((await check('postalCode=02134')).changes).toMatchObject([
      { day, effectiveAt: null, version: first.version, owner: null },
      { day, effectiveAt: noon, version: second.version, owner: { location: { franchiseCode: 'B' } } },
    ]);
    nowMs += 20 * DAY_MS;
  });

  it('is told by version and row, with what changes on which day and who is behind', async () => {
    const today = new Date(nowMs).toISOString().slice(0, 10);
    const handover = new Date(nowMs + 40 * DAY_MS).toISOString().slice(0, 10);
    const last = new Date(nowMs + 39 * DAY_MS).toISOString().slice(0, 10);
    const csv = `Postal Code,County,State,Franchise Code,Exclusive,First Day,Last Day
02134,,,A,yes,,${last}
02134,,,B,no,${handover},
,Suffolk,MA,B,no,,
,,MA,NEAR,yes,,
`;
    const { body: published } = await importCsv(csv, '?publish=true');
    const { body: drafted } = await importCsv(owned('NEAR'));
    const found = await check('postalCode=02134-1234');
    expect(found).toMatchObject({
      postalCode: '02134',
      known: true,
      city: 'Allston',
      county: 'Suffolk',
      state: 'MA',
      version: published.version,
      owner: { kind: 'zip', row: 2, exclusive: true, lastDay: last, location: { franchiseCode: 'A', active: true } },
      behind: [
        { kind: 'county', value: 'MA/Suffolk', row: 4, location: { franchiseCode: 'B' } },
        { kind: 'state', row: 5, location: { franchiseCode: 'NEAR' } },
      ],
      changes: [{ day: handover, effectiveAt: null, version: published.version, owner: { row: 3 } }],
    });
    expect(found.day <= today).toBe(true);
    expect(found.drafts[0]).toMatchObject({
      version: drafted.version,
      changesOwner: true,
      owner: { location: { franchiseCode: 'NEAR' } },
    });
    const after = await check(`postalCode=02134&at=${new Date(nowMs + 41 * DAY_MS).toISOString()}`);
    expect(after).toMatchObject({ owner: { row: 3, location: { franchiseCode: 'B' } }, changes: [] });
    expect(await check('postalCode=02118')).toMatchObject({ owner: { kind: 'county', row: 4 } });
    expect(await check('postalCode=99501')).toMatchObject({ owner: null, behind: [] });
    expect(await route()).toBe(`A territory ${published.version}`);
    nowMs += 41 * DAY_MS;
    expect(await route()).toBe(`B territory ${published.version}`);
  });

  it('is asked with a postal code and a time that are such', async () => {
    for (const query of [
      '',
      'postalCode=',
      'postalCode=hello',
      'postalCode=02134&at=tomorrow',
      'postalCode=02134&zip=1',
    ]) {
      expect((await router.send('GET', `/v1/territories/check?${query}`)).status).toBe(422);
    }
    expect(await check('postalCode=99999')).toMatchObject({ known: false, county: null, owner: null });
    expect(await check('postalCode=02134&at=1999-01-01T00:00:00Z')).toMatchObject({ version: null, owner: null });
  });
});
