import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../local/testing/test-database.ts';
import { createDatabase, runQuery, type Database } from './database.ts';
import type { SlowStatement } from './timed-fetch.ts';

let test: TestDatabase;
const reported: SlowStatement[] = [];

function connect({ overMs, timeoutMs = 60_000 }: { overMs: number; timeoutMs?: number }): Database {
  const slow = { overMs, report: (statement: SlowStatement) => reported.push(statement) };
  return createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs, slow });
}

beforeAll(async () => {
  test = await createTestDatabase();
});

afterAll(() => test.drop());

beforeEach(() => reported.splice(0));

it('a slow statement is reported with its text, its rows and its time, and without its values', async () => {
  const database = connect({ overMs: 100 });
  const answer = await runQuery(
    database.execute(sql`
      select n, ${'ann@example.com'}::text as email
      from generate_series(1, 3) n, pg_sleep(${0.2}::float8)`),
  );
  expect(answer.rows).toHaveLength(3);
  expect(reported).toEqual([
    {
      durationMs: expect.any(Number),
      statement: 'select n, $1::text as email from generate_series(1, 3) n, pg_sleep($2::float8)',
      statementCount: 1,
      rowCount: 3,
    },
  ]);
  expect(reported[0]?.durationMs).toBeGreaterThan(100);
});

it('a statement within the limit is not', async () => {
  await runQuery(connect({ overMs: 60_000 }).execute(sql`select pg_sleep(0.05)`));
  expect(reported).toEqual([]);
});

it('a batch is reported as one, and JSON asked without the driver’s layers too', async () => {
  const database = connect({ overMs: 100 });
  await runQuery(
    database.batch([database.execute(sql`select pg_sleep(0.2)`), database.execute(sql`select 1 union all select 2`)]),
  );
  expect(await database.askJson('select $1::jsonb from pg_sleep(0.2)', '{"email": "ann@example.com"}')).toEqual({
    email: 'ann@example.com',
  });
  expect(reported).toMatchObject([
    { statement: 'select pg_sleep(0.2)', statementCount: 2, rowCount: 3 },
    { statement: 'select $1::jsonb from pg_sleep(0.2)', statementCount: 1, rowCount: 1 },
  ]);
  expect(JSON.stringify(reported)).not.toContain('example.com');
});

it('one that Postgres refuses after a while, or that is cut off, is reported without rows, and fails as it would', async () => {
  const refused = sql`select 1 / (length(${'ann@example.com'}::text || slept::text) - 15) from pg_sleep(0.2) slept`;
  await expect(runQuery(connect({ overMs: 100 }).execute(refused))).rejects.toMatchObject({ code: '22012' });
  const late = connect({ overMs: 100, timeoutMs: 300 }).execute(sql`select pg_sleep(5)`);
  await expect(runQuery(late)).rejects.toMatchObject({ code: null });
  expect(reported).toMatchObject([{ rowCount: null }, { statement: 'select pg_sleep(5)', rowCount: null }]);
  expect(JSON.stringify(reported)).not.toContain('example.com');
});

it('a long text is cut off', async () => {
  await runQuery(connect({ overMs: 1 }).execute(sql.raw(`select pg_sleep(0.05), ${'1 + '.repeat(500)} 1`)));
  expect(reported[0]?.statement).toHaveLength(500);
});
