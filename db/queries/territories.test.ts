import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { locationUpsert } from '../testing/location-upsert.ts';
import { deleteTerritoryDraft } from './delete-territory-draft.ts';
import { findTerritoryVersion } from './find-territory-version.ts';
import { importTerritoryRows, type TerritoryImportRow } from './import-territories.ts';
import { listTerritoryRows } from './list-territory-rows.ts';
import { publishTerritories } from './publish-territories.ts';
import { readDirectoryHead } from './read-directory-head.ts';
import { readTerritories } from './read-territories.ts';
import { readTerritoryVersions } from './read-territory-versions.ts';
import { restoreTerritories } from './restore-territories.ts';
import { upsertLocations } from './upsert-locations.ts';

let test: TestDatabase;
let database: Database;
const ids: Record<string, string> = {};
const NOW = new Date().toISOString();
const LATER = '2100-01-01T05:00:00.000Z';

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 20_000 });
  await upsertLocations(database, [locationUpsert({ franchiseCode: 'A' }), locationUpsert({ franchiseCode: 'B' })]);
  const { rows } = await test.pool.query<{ id: string; code: string }>(
    'select id, franchise_code as code from location_keys',
  );
  for (const { id, code } of rows) ids[code] = id;
});

afterAll(() => test.drop());

function rowsOf(
  ...rows: readonly (readonly [value: string, code: string] | readonly [string, string, string | null, string | null])[]
) {
  return rows.map(([value, franchiseCode, from = null, to = null], index): TerritoryImportRow => ({
    row: index + 2,
    kind: value.includes('-') ? 'zip_range' : 'zip',
    value,
    franchiseCode,
    exclusive: true,
    from,
    to,
  }));
}

async function importRows(rows: readonly TerritoryImportRow[], publishAt: string | null): Promise<number> {
  const imported = await importTerritoryRows(database, {
    rows,
    report: {},
    publishAt,
    isNow: publishAt !== null && publishAt !== LATER,
  });
  if (imported.kind !== 'imported') throw new Error(imported.unknownFranchiseCodes.join());
  return imported.version;
}

const page = { since: '2000-01-01', after: null, limit: 100, hasTimeBefore: false };

describe('versions of the territories', () => {
  let first = 0;

  it('are drafts that change nothing for leads until they are published', async () => {
    const before = await readDirectoryHead(database);
    first = await importRows(rowsOf(['02134', 'a'], ['02135', 'A']), null);
    expect(await readDirectoryHead(database)).toEqual(before);
    expect(await readTerritoryVersions(database, NOW)).toEqual([]);
    expect(await publishTerritories(database, { version: first, effectiveAt: NOW })).toMatchObject({
      status: 'published',
    });
    expect(await readDirectoryHead(database)).toMatchObject({
      version: before.version + 1,
      territoriesVersion: before.version + 1,
    });
    expect(await publishTerritories(database, { version: first, effectiveAt: NOW })).toBeNull();
  });

  it('never change once they are published, neither they nor their rows', async () => {
    for (const statement of [
      `update territory_versions set effective_at = now() where version = ${first}`,
      `delete from territory_versions where version = ${first}`,
      `update territories set exclusive = false where version = ${first}`,
      `delete from territories where version = ${first}`,
      `insert into territories (version, row, kind, value, location_id) values (${first}, 99, 'zip', '99501', '${ids['A']}')`,
    ]) {
      await expect(test.pool.query(statement)).rejects.toThrow('never change');
    }
    expect(await deleteTerritoryDraft(database, first)).toBe(false);
    const draft = await importRows(rowsOf(['02134', 'B']), null);
    expect(await deleteTerritoryDraft(database, draft)).toBe(true);
    expect(await findTerritoryVersion(database, draft)).toBeNull();
  });

  it('published with the very rows in effect are not published again', async () => {
    const before = await readDirectoryHead(database);
    expect(await importRows(rowsOf(['02135', 'A'], ['02134', 'A']), NOW)).toBe(first);
    expect(await readDirectoryHead(database)).toMatchObject({ territoriesVersion: before.territoriesVersion });
  });

  it('store nothing when a franchise code is unknown, which is answered', async () => {
    const rows = rowsOf(['02134', 'A'], ['02135', 'nobody']);
    expect(await importTerritoryRows(database, { rows, report: {}, publishAt: null, isNow: false })).toEqual({
      kind: 'unknown_locations',
      unknownFranchiseCodes: ['nobody'],
    });
    const { rows: versions } = await test.pool.query(`select from territory_versions where version > ${first}`);
    expect(versions).toEqual([]);
  });

  it('have one owner of a place on any day', async () => {
    await expect(
      importRows(rowsOf(['02134', 'A', null, '2030-01-02'], ['02134', 'B', '2030-01-01', null]), null),
    ).rejects.toMatchObject({ constraint: 'territories_one_owner' });
    const handedOver = await importRows(
      rowsOf(['02134', 'A', null, '2030-01-01'], ['02134', 'B', '2030-01-01', null]),
      null,
    );
    expect((await listTerritoryRows(database, { version: handedOver, limit: 1, cursor: 0 })).items).toEqual([
      {
        row: 2,
        kind: 'zip',
        value: '02134',
        locationId: ids['A'],
        franchiseCode: 'A',
        exclusive: true,
        firstDay: null,
        lastDay: '2029-12-31',
      },
    ]);
    await deleteTerritoryDraft(database, handedOver);
  });

  it('to come travel beside the one in effect, and what both have comes once', async () => {
    const next = await importRows(rowsOf(['02134', 'A'], ['02135', 'B'], ['02100-02199', 'B']), LATER);
    const carried = await readTerritoryVersions(database, NOW);
    expect(carried.map(({ version }) => version)).toEqual([first, next]);
    const versions = carried.map(({ rowsVersion }) => rowsVersion);
    expect(await readTerritories(database, { ...page, versions })).toEqual([
      ['zip', '02134', ids['A'], true, null, null],
      ['zip', '02135', ids['A'], true, null, null, [first]],
      ['zip', '02135', ids['B'], true, null, null, [next]],
      ['zip_range', '02100-02199', ids['B'], true, null, null, [next]],
    ]);
    const ones = await readTerritories(database, { ...page, versions, limit: 2 });
    expect(ones).toHaveLength(3);
    const after = { kind: 'zip', value: '02135' };
    expect(await readTerritories(database, { ...page, versions, limit: 2, after })).toHaveLength(1);
  });

  it('are undone by publishing the rows of an earlier one anew', async () => {
    const second = await importRows(rowsOf(['02134', 'B']), new Date().toISOString());
    const restored = await restoreTerritories(database, { version: first, effectiveAt: new Date().toISOString() });
    expect(restored).toBeGreaterThan(second);
    expect(await findTerritoryVersion(database, restored ?? 0)).toMatchObject({ restores: first, total: 2 });
    const [inEffect] = await readTerritoryVersions(database, new Date().toISOString());
    expect(inEffect).toMatchObject({ version: restored, rowsVersion: first });
    const again = await restoreTerritories(database, { version: restored ?? 0, effectiveAt: new Date().toISOString() });
    expect(await findTerritoryVersion(database, again ?? 0)).toMatchObject({ restores: first });
    const draft = await importRows(rowsOf(['02134', 'B']), null);
    expect(await restoreTerritories(database, { version: draft, effectiveAt: NOW })).toBeNull();
  });

  it('get numbers of their own when many are imported at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, place) =>
        importRows(rowsOf([`0300${place}`, 'A']), place % 2 === 0 ? LATER : null),
      ),
    );
    expect(new Set(made).size).toBe(8);
  });
});
