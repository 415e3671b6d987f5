import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createDatabase } from '../../../db/database.ts';
import { decide, type RoutingQuestion } from '../leads/rules/decide.ts';
import type { Rules } from '../leads/rules/routing-rules.ts';
import type { PreviewedLead } from '../leads/preview-lead.ts';
import { createOracle } from '../testing/oracle.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import { testLocation, testLocationId, testRules } from '../testing/test-directory.ts';
import { createDirectoryCache } from './directory-cache.ts';
import { createDirectoryHolder, type DirectoryHolder } from './directory-holder.ts';
import type { DirectorySource } from './directory-source.ts';
import { findNearby } from './find-nearby.ts';
import { createPostgresDirectorySource } from './postgres-directory-source.ts';
import type { DirectoryData, DirectoryLocation } from './rules/directory.ts';
import { findCity, listPostalCodes } from './rules/postal-codes.ts';
import { getPostalCodes } from './testing/postal-codes.ts';

// The isolate's directory is held against the oracle elsewhere; here both forms must give the very same decision, down
// to every candidate of the trace.

const LOCATIONS = 3000;
const LEADS = 600;
const postalCodes = getPostalCodes();
const allCodes = [...listPostalCodes(postalCodes)];

let redis: TestRedis;
let data: DirectoryData;
const background = (work: Promise<unknown>): void => void work.catch(() => {});

/** A small generator of the same numbers every time (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const random = createRandom(20_261_124);
function pick<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Several at one point, some hundred around one city, the rest where postal codes are; a fifth takes no leads. */
function makeLocations(): DirectoryLocation[] {
  const boston = { lng: -71.06, lat: 42.36 };
  return Array.from({ length: LOCATIONS }, (_, number) => {
    const { coordinates } = pick(allCodes);
    const isCrowded = number < 300;
    const near = { lng: boston.lng + (random() - 0.5) * 0.2, lat: boston.lat + (random() - 0.5) * 0.2 };
    return testLocation(number, {
      franchiseCode: `Code-${number}`,
      ghlLocationId: `sub${number}`,
      coordinates: number < 40 ? boston : isCrowded ? near : coordinates,
      services: random() < 0.5 ? ['sewer'] : [],
      active: random() < 0.95,
      paused: number >= 40 && number < 250 ? random() < 0.9 : random() < 0.1,
    });
  });
}

function makeTerritories(): DirectoryData['territories'] {
  const rows = new Map<string, DirectoryData['territories'][number]>();
  for (let number = 0; number < 1500; number++) {
    const { code } = pick(allCodes);
    const owner = testLocationId(Math.floor(random() * LOCATIONS));
    rows.set(`zip:${code}`, ['zip', code, owner, random() < 0.5, null, null]);
  }
  for (let number = 0; number < 400; number++) {
    const { code, city, county, state } = pick(allCodes);
    const owner = testLocationId(Math.floor(random() * LOCATIONS));
    const kind = pick(['zip_range', 'city', 'county', 'state'] as const);
    const end = String(Math.min(99_999, Number(code) + Math.floor(random() * 900))).padStart(5, '0');
    const value = { zip_range: `${code}-${end}`, city: `${state}/${city}`, county: `${state}/${county}`, state }[kind];
    if (kind === 'county' && county === null) continue;
    if (kind === 'zip_range' && /[A-Z]/.test(code)) continue;
    // Of the version in effect, of one to come, of both; some end or begin on the day that is asked for.
    const versions = pick([[], [1], [2]]);
    const row = [kind, value, owner, random() < 0.3, pick([null, '1970-01-01', '1970-01-02']), null] as const;
    rows.set(`${kind}:${value}`, versions.length > 0 ? [...row, versions] : row);
  }
  rows.set('range', ['zip_range', '02100-02199', testLocationId(7), false, null, null]);
  return [...rows.values()];
}

function createMemorySource(): DirectorySource {
  const { locations: _locations, territories: _territories, ...thin } = data;
  return {
    readVersions: async () => thin,
    countLocations: async () => data.locations.length,
    readThin: async () => thin,
    readTerritories: async () => data.territories,
    readLocationPages: async function* () {
      yield data.locations;
    },
    readChange: async () => null,
    readSlice: () => Promise.reject(new Error('Postgres is not to be asked')),
  };
}

function createHolder(maxLocations: number, source = createMemorySource()): DirectoryHolder {
  let tokens = 0;
  const cache = createDirectoryCache(redis.redis, { newToken: () => `${maxLocations}-${++tokens}`, maxLocations });
  return createDirectoryHolder({ cache, source, postalCodes, maxLocations, nowMs: () => 1_000_000, log: () => {} });
}

async function publish(rules: Rules): Promise<void> {
  await redis.redis.flushall();
  data = { ...data, rules };
  let tokens = 0;
  const cache = createDirectoryCache(redis.redis, { newToken: () => `token-${++tokens}`, maxLocations: 0 });
  expect(await cache.publish(createMemorySource())).toBe('published');
}

beforeAll(async () => {
  redis = await createTestRedis();
  data = {
    version: 5,
    territoriesVersion: 3,
    rulesVersion: 2,
    keysVersion: 1,
    locations: makeLocations(),
    territories: makeTerritories(),
    territoryVersions: [
      { version: 1, rowsVersion: 1, effectiveAtMs: 0 },
      { version: 2, rowsVersion: 2, effectiveAtMs: 2_000_000 },
    ],
    rules: testRules,
    apiKeys: [],
  };
});

afterAll(() => redis.stop());

const noQuestion: RoutingQuestion = {
  namedLocation: null,
  coordinates: null,
  postalCode: null,
  city: null,
  state: null,
  service: null,
};

function makeQuestion(): RoutingQuestion {
  const entry = pick(allCodes);
  const question = noQuestion;
  const service = random() < 0.3 ? pick(['sewer', 'gutters']) : null;
  const chance = random();
  if (chance < 0.15) return { ...question, service, coordinates: { lng: -71.06 + random() * 0.1, lat: 42.36 } };
  if (chance < 0.25) {
    return { ...question, service, coordinates: { lng: random() * 360 - 180, lat: random() * 180 - 90 } };
  }
  if (chance < 0.3 && findCity(postalCodes, entry)) return { ...question, city: entry.city, state: entry.state };
  const named = pick([`code-${Math.floor(random() * LOCATIONS)}`, `sub${Math.floor(random() * LOCATIONS)}`, 'nobody']);
  return {
    ...question,
    service,
    namedLocation: chance < 0.5 ? named : null,
    postalCode: chance < 0.6 ? pick(['02134', '78701', '05401', '99950', '96799']) : entry.code,
  };
}

const nearestRules: Rules = { ...testRules };
const poolRules: Rules = {
  ...testRules,
  radiusMiles: 20,
  territory: { whenOwnerUnavailable: 'overflow' },
  overflow: { mode: 'pool', locations: ['Code-40', 'Code-500', 'Code-2999'] },
};
const turnRules: Rules = {
  ...testRules,
  strategy: { kind: 'weighted_round_robin', weights: { 'Code-3': 4 }, maxCatchUpTurns: 1 },
  overflow: { mode: 'none' },
};
const scoreRules: Rules = {
  ...testRules,
  strategy: { kind: 'score', weights: { distance: 1, room: 1 } },
};

describe.each([
  ['the nearest', nearestRules],
  ['an overflow pool', poolRules],
  ['turns', turnRules],
  ['a score', scoreRules],
])('over slices from Redis, with %s', (_name, rules) => {
  it(`${LEADS} decisions are those over the whole directory`, async () => {
    await publish(rules);
    const whole = createHolder(LOCATIONS);
    const thin = createHolder(LOCATIONS - 1);
    expect((await whole.current(background)).locationsById.size).toBe(LOCATIONS);
    expect((await thin.current(background)).locationsById.size).toBe(0);
    expect(thin.status()).toMatchObject({ loadedFrom: 'redis', locations: LOCATIONS });
    let largest = 0;
    for (let lead = 0; lead < LEADS; lead++) {
      const question = makeQuestion();
      const sticky = random() < 0.2 ? testLocationId(Math.floor(random() * LOCATIONS)) : null;
      let refusals = new Map<string, 'full'>();
      for (let round = 0; round < 2; round++) {
        const knowledge = { stickyLocationId: sticky, refusals };
        const over = async (holder: DirectoryHolder) => {
          const directory = await holder.forLead({ question, knowledge }, background);
          if (holder === thin) largest = Math.max(largest, directory.locationsById.size);
          const known = { question, knowledge, postalCodes, notes: [], nowMs: 1_000_000, usedToday: () => null };
          return decide({ ...known, directory });
        };
        const expected = await over(whole);
        expect({ question, decision: await over(thin) }).toEqual({ question, decision: expected });
        refusals = new Map(expected.attempts.map(({ locationId }) => [locationId, 'full' as const]));
      }
    }
    expect(largest).toBeLessThan(LOCATIONS);
  }, 120_000);
});

describe('a brand too large for an isolate', () => {
  it('has the same locations nearby, from Redis', async () => {
    await publish(nearestRules);
    const holders = [createHolder(LOCATIONS), createHolder(0)];
    for (let asked = 0; asked < 150; asked++) {
      const { coordinates } = pick(allCodes);
      const radius = random() < 0.5 ? { radiusMiles: random() * 200 } : {};
      const service = random() < 0.5 ? { service: 'sewer' } : {};
      const query = { ...coordinates, ...radius, ...service, limit: 1 + Math.floor(random() * 100) };
      const answers = await Promise.all(
        holders.map((directory) => findNearby(query, { directory, postalCodes, background })),
      );
      expect(answers[1]).toEqual(answers[0]);
    }
  }, 60_000);

  it('finds locations by id for an answer', async () => {
    await publish(nearestRules);
    const found = await createHolder(0).forLocations([testLocationId(12), testLocationId(999_999)], background);
    expect([...found.locationsById.values()].map(({ franchiseCode }) => franchiseCode)).toEqual(['Code-12']);
  });
});

describe.each([
  ['the isolate', LOCATIONS],
  ['Redis', 0],
])('previews from %s', (_from, maxLocations) => {
  let database: TestDatabase;
  let router: TestRouter;

  beforeAll(async () => {
    await redis.redis.flushall();
    database = await createTestDatabase();
    router = await createTestRouter({ database, redis: redis.redis, maxLocations });
  });

  afterAll(async () => {
    await router.settle();
    await database.drop();
  });

  it('are the oracle’s answers', async () => {
    const places = Array.from({ length: 400 }, () => pick(allCodes)).filter(({ country }) => country === 'US');
    const rows = places.map(({ code, city, state }, number) =>
      testRow({ 'Franchise Code': `P${number}`, 'Zip Code': code, City: city, State: state, Region: 'Test' }),
    );
    const csv = { 'content-type': 'text/csv' };
    const sent = await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: csv });
    expect(await sent.json()).toMatchObject({ created: rows.length });
    const owned = places
      .slice(0, 60)
      .map(({ code }, number) => ({ code, owner: number * 3, exclusive: number % 2 === 0 }));
    const owners = [...new Map(owned.map((entry) => [entry.code, entry])).values()];
    await router.send('POST', '/v1/territories/import?publish=true', {
      body: csvOf(
        owners.map(({ code, owner, exclusive }) => ({
          'Postal Code': code,
          'Franchise Code': `P${owner}`,
          Exclusive: exclusive ? 'yes' : 'no',
        })),
      ),
      headers: csv,
    });
    // A publication under way takes the news along when it is done.
    await router.settle();
    const found = await database.pool.query<{ id: string; code: string; lng: number; lat: number }>(
      'select id, franchise_code as code, lng, lat from locations',
    );
    const idOf = new Map(found.rows.map(({ id, code }) => [code, id]));
    const locations = found.rows.map(({ id, code, lng, lat }) => ({
      id,
      franchiseCode: code,
      lng,
      lat,
      dailyCap: null,
      services: [],
    }));
    const ask = createOracle(locations, {
      radiusMiles: 50,
      overflowMiles: 150,
      owners: new Map(
        owners.map(({ code, owner, exclusive }) => [code, { locationId: idOf.get(`P${owner}`) ?? '', exclusive }]),
      ),
    });
    const levels = new Set<string | null>();
    for (let lead = 0; lead < 300; lead++) {
      const { code, coordinates } = random() < 0.2 ? pick(places) : pick(allCodes);
      const expected = ask({ postalCode: code, point: coordinates });
      const response = await router.send('POST', '/v1/leads/preview', { body: { source: 'oracle', postalCode: code } });
      const previewed = (await response.json()) as PreviewedLead;
      expect({ code, id: previewed.location?.id ?? null, level: previewed.decision.matchLevel }).toEqual({
        code,
        id: expected.locationId,
        level: expected.level,
      });
      levels.add(expected.level);
    }
    expect(levels).toEqual(new Set(['territory', 'nearest', 'overflow', null]));
  }, 60_000);
});

describe('without Redis', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.pool.query(
      `insert into locations (id, geo_region, name, franchise_code, timezone, country, lng, lat, active, paused)
       select (l->>'id')::uuid, 'west', l->>'name', l->>'franchiseCode', 'UTC', 'US', (l->'coordinates'->>'lng')::float8,
         (l->'coordinates'->>'lat')::float8, (l->>'active')::boolean, (l->>'paused')::boolean
       from jsonb_array_elements($1::jsonb) l`,
      [JSON.stringify(data.locations)],
    );
    await database.pool.query(
      `insert into territory_versions (version, rows_version, total, report) values (1, 1, 0, '{}');`,
    );
    await database.pool.query(
      `insert into territories (version, row, kind, value, location_id, exclusive)
       select 1, n, t->>0, t->>1, (t->>2)::uuid, (t->>3)::boolean
       from jsonb_array_elements($1::jsonb) with ordinality e (t, n)`,
      [JSON.stringify(data.territories)],
    );
    await database.pool.query(
      `update territory_versions set status = 'published', effective_at = '1970-01-01', published_at = now()`,
    );
  });

  afterAll(() => database.drop());

  it('slices come from Postgres, and the decisions are the same', async () => {
    await redis.redis.flushall();
    await redis.kill();
    const client = createDatabase({ url: database.url, fetchEndpoint: database.endpoint, timeoutMs: 10_000 });
    const source = createPostgresDirectorySource({ database: client, nowMs: () => Date.now() });
    const holders = [createHolder(LOCATIONS, source), createHolder(0, source)];
    const owned = data.territories.filter(([kind]) => kind === 'zip');
    const levels = new Set<string | undefined>();
    for (let lead = 0; lead < 60; lead++) {
      const question = lead % 3 === 0 ? { ...noQuestion, postalCode: pick(owned)[1] } : makeQuestion();
      const knowledge = { stickyLocationId: null, refusals: new Map() };
      const decisions = [];
      for (const holder of holders) {
        const directory = await holder.forLead({ question, knowledge }, background);
        const known = { question, knowledge, postalCodes, notes: [], nowMs: 1_000_000, usedToday: () => null };
        decisions.push(decide({ ...known, directory }));
      }
      expect(decisions[1]).toEqual(decisions[0]);
      levels.add(decisions[0]?.attempts[0]?.matchLevel);
    }
    expect(levels).toContain('territory');
    await redis.restart();
  }, 60_000);
});
