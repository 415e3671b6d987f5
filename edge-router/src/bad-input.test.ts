import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { mintApiKey, createTestRouter, type TestRouter } from './testing/test-router.ts';
import type { SendOptions } from './testing/build-init.ts';
import { csvOf, testRow } from './testing/test-rows.ts';
import type { RoutedLead } from './leads/routed-lead.ts';

// What people and programs really send, and what each gets: one clear answer, and nothing half-written.

let database: TestDatabase;
let router: TestRouter;
const csv = { 'content-type': 'text/csv' };

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  const rows = [
    testRow({ 'Franchise Code': 'BOS', 'Zip Code': '02134', City: 'Allston' }),
    testRow({ 'Franchise Code': 'OTT', 'Zip Code': 'K1A 0B1', City: 'Ottawa', State: 'ON' }),
  ];
  const sent = await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: csv });
  expect(await sent.json()).toMatchObject({ created: 2 });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

/** Everything that a request could have written. */
async function countRows(): Promise<unknown> {
  const { rows } = await database.pool.query(
    `select (select count(*) from leads) as leads, (select count(*) from lead_keys) as keys,
      (select count(*) from person_keys) as persons, (select coalesce(sum(used), 0) from location_capacity) as seats,
      (select count(*) from outbox) as outbox, (select count(*) from parking_lot) as parked,
      (select count(*) from rules) as rules, (select count(*) from territory_versions) as territory_versions,
      (select count(*) from territories) as territories, (select version from directory_state) as version`,
  );
  return rows[0];
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly (readonly [string | undefined, string])[];
}

async function refuse(path: string, options: SendOptions): Promise<Refusal> {
  await router.settle();
  const before = await countRows();
  const response = await router.send('POST', path, options);
  const problem = (await response.json()) as {
    code: string;
    requestId: string;
    errors?: { field?: string; column?: string; code: string }[];
  };
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(problem.requestId).toBe(response.headers.get('x-request-id'));
  await router.settle();
  expect(await countRows()).toEqual(before);
  const fields = (problem.errors ?? []).map(({ field, column, code }) => [field ?? column, code] as const);
  return { status: response.status, code: problem.code, fields };
}

async function sendLead(fields: Record<string, unknown>): Promise<RoutedLead> {
  const response = await router.send('POST', '/v1/leads', { body: { source: 'test', ...fields } });
  expect(response.status).toBe(201);
  return (await response.json()) as RoutedLead;
}

describe('a lead is refused', () => {
  it('for a field that nobody knows, by its name', async () => {
    const answer = await refuse('/v1/leads', { body: { source: 'web', postalCode: '02134', zipCode: '02134' } });
    expect(answer).toEqual({ status: 422, code: 'invalid_input', fields: [['zipCode', 'unknown_field']] });
  });

  it('for a field of the wrong type', async () => {
    const answer = await refuse('/v1/leads', { body: { source: 'web', postalCode: 2134 } });
    expect(answer).toEqual({ status: 422, code: 'invalid_input', fields: [['postalCode', 'invalid_type']] });
  });

  it('for five bad fields, all named at once', async () => {
    const body = {
      source: 'a b',
      email: 7,
      score: -1,
      coordinates: { lng: -71, lat: 120 },
      metadata: { a: [] },
      nonsense: 1,
    };
    const { fields } = await refuse('/v1/leads', { body });
    expect(new Set(fields.map(([field]) => field))).toEqual(
      new Set(['coordinates.lat', 'email', 'metadata.a', 'nonsense', 'score', 'source']),
    );
  });

  it.each([
    [{ lng: -71.06, lat: 120 }, ['coordinates.lat']],
    [{ lng: 42.36, lat: -171.06 }, ['coordinates.lat']],
    [{ lng: 181, lat: -91 }, ['coordinates.lng', 'coordinates.lat']],
    [{ lng: '−71', lat: null }, ['coordinates.lng', 'coordinates.lat']],
    [[-71.06, 42.36], ['coordinates']],
  ])('for coordinates that are nowhere: %j', async (coordinates, expected) => {
    const { fields } = await refuse('/v1/leads', { body: { source: 'web', coordinates } });
    expect(fields.map(([field]) => field)).toEqual(expected);
  });

  it('for a body of 2 MB, one that is no JSON, and one of another kind', async () => {
    const large = JSON.stringify({ source: 'web', metadata: { text: 'x'.repeat(2_000_000) } });
    expect(await refuse('/v1/leads', { body: large })).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(await refuse('/v1/leads', { body: '{"source":' })).toMatchObject({ status: 400, code: 'invalid_json' });
    const form = { body: 'source=web', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect(await refuse('/v1/leads', form)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  it('without a key, with a wrong one, and with one of another scope', async () => {
    const body = { source: 'web', postalCode: '02134' };
    expect(await refuse('/v1/leads', { body, apiKey: null })).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await refuse('/v1/leads', { body, apiKey: 'swy_wrong' })).toMatchObject({ status: 401 });
    const apiKey = await mintApiKey(router.deps, ['leads:read']);
    expect(await refuse('/v1/leads', { body, apiKey })).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

describe('a lead is taken', () => {
  it('with a ZIP that does not exist: by its city, its state, or else parked with the reason', async () => {
    const byCity = await sendLead({ postalCode: '00000', city: 'boston', state: 'ma' });
    expect(byCity).toMatchObject({ status: 'assigned', decision: { geoConfidence: 'city' } });
    const byState = await sendLead({ postalCode: '00000', state: 'Massachusetts' });
    expect(byState).toMatchObject({ status: 'assigned', decision: { geoConfidence: 'state' } });
    const nowhere = await sendLead({ postalCode: '00000' });
    expect(nowhere).toMatchObject({ status: 'parked', decision: { parkedReason: 'no_place' } });
    expect(nowhere.decision.notes).toContain('postalCode: unknown');
  });

  it('with a ZIP+4, spaces and all, and with a Canadian code in any spelling', async () => {
    for (const postalCode of ['02134-1234', ' 02134 ', '021341234']) {
      expect(await sendLead({ postalCode })).toMatchObject({ location: { franchiseCode: 'BOS' } });
    }
    for (const postalCode of ['K1A 0B1', 'k1a0b1', 'K1A-0B1', 'K1A']) {
      expect(await sendLead({ postalCode })).toMatchObject({ location: { franchiseCode: 'OTT' } });
    }
  });

  it('with no usable place at all, and parked', async () => {
    for (const place of [{}, { postalCode: 'soon' }, { city: 'Boston' }, { state: 'Narnia' }, { postalCode: '' }]) {
      const lead = await sendLead(place);
      expect(lead).toMatchObject({ status: 'parked', decision: { parkedReason: 'no_place' } });
      expect(lead.decision.reason).toContain('Parked');
    }
  });

  it('with an e-mail in capitals and spaces, as of the same person', async () => {
    const first = await sendLead({ postalCode: '02134', email: 'ada@example.com' });
    const second = await sendLead({ postalCode: '02134', email: '  ADA@Example.COM ' });
    expect([first.status, second.status]).toEqual(['assigned', 'duplicate']);
  });

  it('with one phone in ten formats, as of one person', async () => {
    const phones = [
      '(617) 555-0177',
      '617-555-0177',
      '617.555.0177',
      '6175550177',
      '+1 617 555 0177',
      '+16175550177',
      '1-617-555-0177',
      '001 617 555 0177',
      'tel:+1-617-555-0177',
      '617 555 0177 ext. 9',
    ];
    const statuses = [];
    for (const phone of phones) statuses.push((await sendLead({ postalCode: '02134', phone })).status);
    expect(statuses).toEqual(['assigned', ...Array.from({ length: 9 }, () => 'duplicate')]);
  });

  it('once, when the same externalId comes twice at the same moment', async () => {
    const body = { source: 'form', externalId: 'twice', postalCode: '02134' };
    const both = await Promise.all([1, 2].map(() => router.send('POST', '/v1/leads', { body })));
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 201]));
    const [first, second] = (await Promise.all(both.map((response) => response.json()))) as RoutedLead[];
    expect(first?.leadId).toBe(second?.leadId);
    const { rows } = await database.pool.query(`select from leads where external_id = 'twice'`);
    expect(rows).toHaveLength(1);
  });
});

describe('the rest of the API refuses', () => {
  it('501 leads in a batch, and none', async () => {
    const leads = Array.from({ length: 501 }, () => ({ source: 'web', postalCode: '02134' }));
    expect(await refuse('/v1/leads/batch', { body: { leads } })).toMatchObject({ status: 422, code: 'invalid_input' });
    expect(await refuse('/v1/leads/batch', { body: { leads: [] } })).toMatchObject({ status: 422 });
  });

  it('a territory file with a ZIP twice, as a draft and at once', async () => {
    const body = 'Postal Code,Franchise Code\n02134,BOS\n02135,BOS\n02134-0001,OTT\n';
    for (const path of ['/v1/territories/import', '/v1/territories/import?publish=true']) {
      const answer = await refuse(path, { body, headers: csv });
      expect(answer).toEqual({ status: 422, code: 'invalid_input', fields: [['Postal Code', 'duplicate']] });
    }
  });

  it('rules with a negative weight, of scores and of turns', async () => {
    const rules = {
      radiusMiles: 50,
      territory: { whenOwnerUnavailable: 'hold' },
      overflow: { mode: 'none' },
      stickyDays: 1,
      dedupeWindowMinutes: 1,
    };
    const scored = { ...rules, strategy: { kind: 'score', weights: { distance: -1, room: 1 } } };
    const turned = { ...rules, strategy: { kind: 'weighted_round_robin', weights: { BOS: -2 } } };
    expect((await refuse('/v1/rules', { body: scored })).fields).toEqual([['strategy.weights.distance', 'too_small']]);
    expect((await refuse('/v1/rules', { body: turned })).fields).toEqual([['strategy.weights.BOS', 'too_small']]);
  });

  it.each([
    ['POST', '/v1/backtests/upload?name=a%00b', 'Zip\n02134\n'],
    ['GET', '/v1/events?source=%00', undefined],
    ['GET', '/v1/events/a%00', undefined],
    ['POST', '/v1/events/a%00/replay', {}],
    ['GET', '/v1/onboarding/mappings/a%00', undefined],
  ])('a null character in an address: %s %s', async (method, path, body) => {
    const headers = typeof body === 'string' ? csv : {};
    const response = await router.send(method, path, { headers, ...(body === undefined ? {} : { body }) });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ field: '(address)', code: 'null_character' }] });
  });

  it('a time that UTC has in the year 10000', async () => {
    const far = '9999-12-31T23:59:59-01:00';
    expect(await refuse('/v1/backtests', { body: { from: far, at: far } })).toMatchObject({ status: 422 });
    const { version } = (await (
      await router.send('POST', '/v1/rules', {
        body: {
          radiusMiles: 50,
          territory: { whenOwnerUnavailable: 'hold' },
          overflow: { mode: 'none' },
          stickyDays: 1,
          dedupeWindowMinutes: 1,
        },
      })
    ).json()) as { version: number };
    expect(await refuse(`/v1/rules/${version}/publish`, { body: { effectiveAt: far } })).toMatchObject({ status: 422 });
    for (const name of ['from', 'to'])
      expect((await router.send('GET', `/v1/leads?${name}=${encodeURIComponent(far)}`)).status).toBe(422);
  });
});

it.each([
  ['GET', '/v1/locations?query=a%00b'],
  ['GET', '/v1/events?type=%00'],
  ['GET', '/v1/events/%00'],
  ['GET', '/v1/onboarding/mappings/a%00b'],
  ['DELETE', '/v1/sources/%00'],
])('an address with a null character is bad input: %s %s', async (method, path) => {
  const response = await router.send(method, path);
  expect(response.status).toBe(422);
  expect(response.headers.get('x-request-id')).not.toBeNull();
  expect(await response.json()).toMatchObject({ errors: [{ field: '(address)', code: 'null_character' }] });
});
