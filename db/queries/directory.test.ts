import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../local/testing/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { locationUpsert } from '../testing/location-upsert.ts';
import { createApiKey } from './create-api-key.ts';
import { findApiKey } from './find-api-key.ts';
import { findLocation } from './find-location.ts';
import { readActiveRules } from './read-active-rules.ts';
import { readApiKeys } from './read-api-keys.ts';
import { readDirectoryHead } from './read-directory-head.ts';
import { readDirectoryLocations } from './read-directory-locations.ts';
import { setDailyCap } from './set-daily-cap.ts';
import { upsertLocations } from './upsert-locations.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

async function idOf(franchiseCode: string): Promise<string> {
  const { rows } = await test.pool.query<{ id: string }>('select id from location_keys where franchise_code = $1', [
    franchiseCode,
  ]);
  return rows[0]?.id ?? '';
}

async function changedSince(sinceVersion: number): Promise<string[]> {
  const rows = await readDirectoryLocations(database, { sinceVersion, afterId: null, limit: 1000 });
  return rows.map(([, , franchiseCode]) => franchiseCode).sort();
}

describe('the directory’s version', () => {
  it('grows by one for a whole import, and not at all for one that changes nothing', async () => {
    const before = await readDirectoryHead(database);
    const rows = Array.from({ length: 50 }, (_, row) => locationUpsert({ franchiseCode: `V${row}` }));
    expect(await upsertLocations(database, rows)).toEqual({ kind: 'upserted', created: 50, updated: 0, unchanged: 0 });
    const after = await readDirectoryHead(database);
    expect(after).toEqual({ ...before, version: before.version + 1 });
    expect(await changedSince(before.version)).toHaveLength(50);

    expect(await upsertLocations(database, rows)).toMatchObject({ created: 0, updated: 0, unchanged: 50 });
    expect(await readDirectoryHead(database)).toEqual(after);

    const renamed = rows.map((row, place) => (place < 2 ? { ...row, name: 'New' } : row));
    expect(await upsertLocations(database, renamed)).toMatchObject({ created: 0, updated: 2, unchanged: 48 });
    expect(await changedSince(after.version)).toEqual(['V0', 'V1']);
  });

  it('moves the version of the part that changed', async () => {
    const start = await readDirectoryHead(database);
    await createApiKey(database, { name: 'part', keyHash: 'ab'.repeat(32), scopes: ['leads:write'], expiresAt: null });
    const keys = await readDirectoryHead(database);
    expect(keys).toEqual({ ...start, version: start.version + 1, keysVersion: start.version + 1 });
    await test.pool.query(`insert into rules (version, document) values (7, '{}')`);
    const rules = await readDirectoryHead(database);
    expect(rules).toEqual({ ...keys, version: keys.version + 1, rulesVersion: keys.version + 1 });
  });

  it('counts a transaction that changes several parts once', async () => {
    const start = await readDirectoryHead(database);
    const client = await test.pool.connect();
    await client.query('begin');
    await client.query(`update locations set paused = true where franchise_code = 'V3'`);
    await client.query(`update locations set paused = true where franchise_code = 'V4'`);
    await client.query(`update api_keys set name = 'other'`);
    await client.query('commit');
    client.release();
    const version = start.version + 1;
    expect(await readDirectoryHead(database)).toEqual({ ...start, version, keysVersion: version });
    expect(await changedSince(start.version)).toEqual(['V3', 'V4']);
  });

  it('makes the second of two writers wait, so that no reader of a version misses a change before it', async () => {
    const start = await readDirectoryHead(database);
    const first = await test.pool.connect();
    await first.query('begin');
    await first.query(`update locations set paused = true where franchise_code = 'V5'`);
    const second = test.pool.query(`update locations set paused = true where franchise_code = 'V6'`);
    await eventually(async () => {
      const waiting = await test.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(waiting.rowCount).toBe(1);
    });
    expect(await readDirectoryHead(database)).toEqual(start);
    await first.query('commit');
    first.release();
    await second;
    expect(await readDirectoryHead(database)).toEqual({ ...start, version: start.version + 2 });
    expect(await changedSince(start.version)).toEqual(['V5', 'V6']);
    expect(await changedSince(start.version + 1)).toEqual(['V6']);
  });
});

describe('locations', () => {
  it('keep their id when they move to another partition, and their keys follow', async () => {
    await upsertLocations(database, [locationUpsert({ franchiseCode: 'M1' })]);
    const id = await idOf('M1');
    await upsertLocations(database, [
      locationUpsert({
        franchiseCode: 'M1',
        state: 'CA',
        geoRegion: 'west',
        timezone: 'America/Los_Angeles',
        dailyCap: 5,
      }),
    ]);
    expect(await findLocation(database, id)).toMatchObject({ id, state: 'CA' });
    const { rows } = await test.pool.query(
      `select l.tableoid::regclass::text as partition, k.geo_region, k.timezone, k.daily_cap
       from locations l join location_keys k on k.id = l.id where l.id = $1`,
      [id],
    );
    expect(rows).toEqual([
      { partition: 'locations_west', geo_region: 'west', timezone: 'America/Los_Angeles', daily_cap: 5 },
    ]);
  });

  it('have keys that say the same as they do, whatever was changed', async () => {
    await test.pool.query(`update locations set active = false, ghl_location_id = 'k1' where franchise_code = 'V7'`);
    await setDailyCap(database, { locationId: await idOf('V8'), dailyCap: 9 });
    const { rows } = await test.pool.query(`
      select id from locations l full join location_keys k using (id)
      where (l.geo_region, l.franchise_code, l.ghl_location_id, l.timezone, l.daily_cap, l.active, l.paused)
        is distinct from (k.geo_region, k.franchise_code, k.ghl_location_id, k.timezone, k.daily_cap, k.active, k.paused)`);
    expect(rows).toEqual([]);
  });

  it('may swap sub-accounts in one import; two with the same one are named and nothing is written', async () => {
    const row = (franchiseCode: string, ghlLocationId: string) => locationUpsert({ franchiseCode, ghlLocationId });
    await upsertLocations(database, [row('S1', 'sub-1'), row('S2', 'sub-2')]);
    expect(await upsertLocations(database, [row('S1', 'sub-2'), row('S2', 'sub-1')])).toMatchObject({ updated: 2 });
    const before = await readDirectoryHead(database);
    const refused = await upsertLocations(database, [row('S3', 'sub-1'), row('S4', 'sub-4'), row('S5', 'sub-4')]);
    expect(refused.kind).toBe('sub_account_taken');
    expect(refused).toMatchObject({
      contested: expect.arrayContaining([
        ['S2', 'S3'],
        ['S4', 'S5'],
      ]),
    });
    expect(await readDirectoryHead(database)).toEqual(before);
    expect(await idOf('S4')).toBe('');
  });

  it('cannot be deleted, nor live in a time zone that Postgres does not know', async () => {
    await expect(test.pool.query(`delete from locations where franchise_code = 'V9'`)).rejects.toThrow('never deleted');
    await expect(
      upsertLocations(database, [locationUpsert({ franchiseCode: 'Z1', timezone: 'Mars/Olympus' })]),
    ).rejects.toThrow('Postgres answered 22023');
  });

  it('are read from the partition that the keys name, and from no other', async () => {
    const id = await idOf('M1');
    const { rows } = await test.pool.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, costs off, timing off) select name from locations
       where id = $1 and geo_region = (select geo_region from location_keys where id = $1)`,
      [id],
    );
    const scans = rows.map((row) => row['QUERY PLAN']).filter((line) => /scan .*locations_/i.test(line));
    const executed = scans.filter((line) => !line.includes('never executed'));
    expect(executed.join()).toContain('locations_west');
    expect(executed).toHaveLength(1);
  });
});

it('rules never change once they are published, and the newest in effect counts', async () => {
  const now = '2030-01-01T00:00:00Z';
  expect(await readActiveRules(database, new Date().toISOString())).toMatchObject({
    version: 1,
    document: { radiusMiles: 50 },
  });
  await expect(test.pool.query(`update rules set document = '{}' where version = 1`)).rejects.toThrow('never change');
  await test.pool.query(
    `insert into rules (version, document, status, effective_at, published_at)
     values (2, '{"a": 1}', 'published', '2029-01-01', now()), (3, '{}', 'published', '2031-01-01', now())`,
  );
  expect(await readActiveRules(database, now)).toEqual({ version: 2, document: { a: 1 } });
});

it('API keys are found by their hash until they are revoked', async () => {
  const keyHash = 'cd'.repeat(32);
  await createApiKey(database, { name: 'site', keyHash, scopes: ['leads:write'], expiresAt: '2030-01-01T00:00:00Z' });
  expect(await findApiKey(database, keyHash)).toMatchObject({
    keyHash,
    scopes: ['leads:write'],
    expiresAtMs: Date.UTC(2030, 0),
  });
  await test.pool.query(`update api_keys set revoked_at = now() where name = 'site'`);
  expect(await findApiKey(database, keyHash)).toBeNull();
  expect((await readApiKeys(database)).map((key) => key.keyHash)).not.toContain(keyHash);
});

it('an error tells the code and the constraint, and no value', async () => {
  const failed = await createApiKey(database, {
    name: '',
    keyHash: 'ef'.repeat(32),
    scopes: [],
    expiresAt: null,
  }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'DatabaseError', code: '23514', constraint: 'api_keys_name_check' });
  expect(JSON.stringify([String(failed), failed, Object.getOwnPropertyNames(failed)])).not.toContain('efef');
});
