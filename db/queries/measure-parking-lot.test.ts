import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { leadIdAt } from '../testing/assign-lead-request.ts';
import { measureParkingLot } from './measure-parking-lot.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

async function insertLeads(ids: readonly string[], status: string): Promise<void> {
  await test.pool.query(
    `insert into leads (id, created_at, source, status)
     select id, uuid_extract_timestamp(id), 'test', $2 from unnest($1::uuid[]) id`,
    [ids, status],
  );
}

it('is empty and has no age before a lead was parked, whatever else there is', async () => {
  await insertLeads([leadIdAt(Date.now() - 1000)], 'assigned');
  expect(await measureParkingLot(database)).toEqual({ waiting: 0, oldestAgeSeconds: null });
});

it('counts the parked up to 10,000 and tells the age of the oldest', async () => {
  const dayAgoMs = Date.now() - 86_400_000;
  await insertLeads([leadIdAt(dayAgoMs), leadIdAt(dayAgoMs + 1000)], 'parked');
  await insertLeads([leadIdAt(dayAgoMs - 1_000_000)], 'duplicate');
  const few = await measureParkingLot(database);
  expect(few.waiting).toBe(2);
  expect(few.oldestAgeSeconds).toBeGreaterThanOrEqual(86_400);
  expect(few.oldestAgeSeconds).toBeLessThan(86_460);

  await insertLeads(
    Array.from({ length: 10_001 }, (_, n) => leadIdAt(dayAgoMs + 2000 + n)),
    'parked',
  );
  expect((await measureParkingLot(database)).waiting).toBe(10_000);
});
