import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { purgeCapacity } from './purge-capacity.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

it('forgets the counts of days long gone, a bounded number at a time', async () => {
  await test.pool.query(
    `insert into location_capacity (location_id, day, used)
     select gen_random_uuid(), (now() at time zone 'UTC')::date - ago, 1 from generate_series(0, 40) ago`,
  );
  expect(await purgeCapacity(database, { keptDays: 35, limit: 3 })).toBe(3);
  expect(await purgeCapacity(database, { keptDays: 35, limit: 3 })).toBe(2);
  expect(await purgeCapacity(database, { keptDays: 35, limit: 3 })).toBe(0);
  const { rows } = await test.pool.query('select count(*)::int as count from location_capacity');
  expect(rows).toEqual([{ count: 36 }]);
});
