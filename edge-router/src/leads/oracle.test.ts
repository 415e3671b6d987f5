import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import zipcodes from 'zipcodes';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createOracle, type OracleLead, type OracleLocation } from '../testing/oracle.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { RoutedLead } from './routed-lead.ts';

const REAL_LOCATIONS = new URL('../../../../shared/data/franchise-locations.csv', import.meta.url);
const REAL_POPULATION = new URL('../../../../shared/data/zip-population.csv', import.meta.url);
const LEADS = 5000;

const hasRealData = existsSync(REAL_LOCATIONS) && existsSync(REAL_POPULATION);
if (!hasRealData) console.log('skipped: 5,000 leads over the real locations (their files are not beside the project)');

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

function readCsv(file: URL): Record<string, string>[] {
  return parse<Record<string, string>>(readFileSync(file), { columns: true, bom: true });
}

/** Postal codes as often as people live there. */
function createZipSampler(random: () => number): () => string {
  const rows = readCsv(REAL_POPULATION).map((row) => ({
    zip: row['zip'] ?? '',
    people: Number(row['population'] ?? 0),
  }));
  const sums: number[] = [];
  for (const row of rows) sums.push((sums.at(-1) ?? 0) + row.people);
  return () => {
    const wanted = random() * (sums.at(-1) ?? 0);
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return rows[low]?.zip ?? '';
  };
}

describe.skipIf(!hasRealData)('every decision over the 3,388 real locations', () => {
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

  async function importRealLocations(random: () => number): Promise<OracleLocation[]> {
    const services = ['drain-cleaning', 'sewer', 'water-heater'];
    const rows = readCsv(REAL_LOCATIONS).map((row) =>
      testRow({
        'Location Name': row['store_name'] ?? '',
        Address: row['street'] ?? '',
        City: row['city'] ?? '',
        State: row['state'] ?? '',
        'Zip Code': row['zip'] ?? '',
        Phone: '',
        'Franchise Code': row['store_id'] ?? '',
        Latitude: row['latitude'] ?? '',
        Longitude: row['longitude'] ?? '',
        'Capacity Limit': random() < 0.7 ? String(Math.floor(random() * 4)) : '',
        Specialties: services.filter(() => random() < 0.4).join(';'),
      }),
    );
    const csv = { 'content-type': 'text/csv' };
    const first = await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: csv });
    const { errors } = (await first.json()) as { errors: { row: number }[] };
    const badRows = new Set(errors.map((error) => error.row));
    // The file as its publisher left it has two points that lie nowhere near their postal codes.
    expect([...badRows]).toEqual([982, 3389]);
    const good = rows.filter((_, index) => !badRows.has(index + 2));
    const sent = await router.send('POST', '/v1/locations/import', { body: csvOf(good), headers: csv });
    expect(await sent.json()).toMatchObject({ total: good.length, created: good.length });
    const idOf = await readIds();
    return good.map((row) => ({
      id: idOf.get(row['Franchise Code'] ?? '') ?? '',
      franchiseCode: row['Franchise Code'] ?? '',
      lng: Number(row['Longitude']),
      lat: Number(row['Latitude']),
      dailyCap: row['Capacity Limit'] === '' ? null : Number(row['Capacity Limit']),
      services: row['Specialties'] === '' ? [] : (row['Specialties'] ?? '').split(';'),
    }));
  }

  async function readIds(): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await router.send('GET', `/v1/locations?limit=500${cursor && `&cursor=${cursor}`}`);
      const { items, nextCursor } = (await page.json()) as {
        items: { id: string; franchiseCode: string }[];
        nextCursor: string | null;
      };
      for (const item of items) ids.set(item.franchiseCode, item.id);
      cursor = nextCursor;
    }
    return ids;
  }

  it(`equals the oracle's for ${LEADS} leads, one after the other, caps and services and territories included`, async () => {
    const random = createRandom(20_261_123);
    const locations = await importRealLocations(random);
    const sampleZip = createZipSampler(random);
    const owners = new Map<string, { locationId: string; exclusive: boolean }>();
    const territories: Record<string, string>[] = [];
    while (territories.length < 2000) {
      const postalCode = sampleZip();
      const owner = locations[Math.floor(random() * locations.length)];
      if (!owner || owners.has(postalCode) || !zipcodes.lookup(postalCode)?.latitude) continue;
      const exclusive = random() < 0.5;
      owners.set(postalCode, { locationId: owner.id, exclusive });
      territories.push({
        'Postal Code': postalCode,
        'Franchise Code': owner.franchiseCode,
        Exclusive: exclusive ? 'yes' : 'no',
      });
    }
    const imported = await router.send('POST', '/v1/territories/import?publish=true', {
      body: csvOf(territories),
      headers: { 'content-type': 'text/csv' },
    });
    expect(await imported.json()).toMatchObject({ total: 2000 });

    const ask = createOracle(locations, { radiusMiles: 50, overflowMiles: 150, owners });
    const levels = new Map<string, number>();
    for (let sent = 0; sent < LEADS; sent++) {
      const postalCode = sampleZip();
      const known = zipcodes.lookup(postalCode);
      const service = random() < 0.3 ? 'sewer' : undefined;
      const lead: OracleLead = {
        postalCode,
        ...(service ? { service } : {}),
        point: known?.latitude ? { lng: known.longitude, lat: known.latitude } : null,
      };
      const response = await router.send('POST', '/v1/leads', { body: { source: 'oracle', postalCode, service } });
      const routed = (await response.json()) as RoutedLead;
      const expected = ask(lead);
      expect({ postalCode, locationId: routed.location?.id ?? null, level: routed.decision.matchLevel }).toEqual({
        postalCode,
        locationId: expected.locationId,
        level: expected.level,
      });
      levels.set(expected.level ?? 'parked', (levels.get(expected.level ?? 'parked') ?? 0) + 1);
    }
    console.log(`${LEADS} decisions equal the oracle's:`, Object.fromEntries(levels));
    expect([...levels.keys()].sort()).toEqual(['nearest', 'overflow', 'parked', 'territory']);
  }, 240_000);
});
