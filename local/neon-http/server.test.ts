import { neon, neonConfig, NeonDbError } from '@neondatabase/serverless';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../testing/test-database.ts';
import type { TestDatabase } from '../testing/test-database.ts';

let database: TestDatabase;
let sql: ReturnType<typeof neon<false, true>>;

beforeAll(async () => {
  database = await createTestDatabase();
  neonConfig.fetchEndpoint = database.endpoint;
  sql = neon(database.url, { fullResults: true });
  await database.pool.query('create table fruits (id int primary key, name text not null unique)');
});

afterAll(() => database.drop());

async function failureOf(promise: Promise<unknown>): Promise<NeonDbError> {
  const error = await promise.then(
    () => 'no failure',
    (reason: unknown) => reason,
  );
  if (error instanceof NeonDbError) return error;
  throw new Error(`expected a NeonDbError, got ${String(error)}`);
}

async function postRaw(body: string, headers: Record<string, string> = {}): Promise<{ status: number; json: unknown }> {
  const response = await fetch(database.endpoint, {
    method: 'POST',
    body,
    headers: { 'neon-connection-string': database.url, 'neon-raw-text-output': 'true', ...headers },
  });
  return { status: response.status, json: await response.json() };
}

async function namesInTable(): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>('select name from fruits order by id');
  return rows.map((row) => row.name);
}

test('a statement answers rows, fields, command and count', async () => {
  const result = await sql`insert into fruits values (1, ${'fig'}), (2, 'kiwi') returning id, name`;
  expect(result).toMatchObject({
    command: 'INSERT',
    rowCount: 2,
    rowAsArray: false,
    rows: [
      { id: 1, name: 'fig' },
      { id: 2, name: 'kiwi' },
    ],
    fields: [
      { name: 'id', dataTypeID: 23, columnID: 1, dataTypeSize: 4, format: 'text' },
      { name: 'name', dataTypeID: 25, columnID: 2, dataTypeSize: -1, format: 'text' },
    ],
  });
  await database.pool.query('truncate fruits');
});

test('array mode answers rows as arrays', async () => {
  const result = await sql.query('select 1 as a, 2 as a', [], { arrayMode: true });
  expect(result).toMatchObject({ rows: [[1, 2]], rowAsArray: true });
});

const values: [type: string, value: unknown][] = [
  ['int2', -32_768],
  ['int4', 2_147_483_647],
  ['int8', '9223372036854775807'],
  ['numeric', '12345678901234567890.000000000000000001'],
  ['float4', 1.5],
  ['float8', 'NaN'],
  ['bool', true],
  ['bool', false],
  ['text', 'Zürich 🍍 "quoted" \\ back, \n line'],
  ['text', ''],
  ['text', null],
  ['varchar(3)', 'abc'],
  ['uuid', '0192f0c1-7d3a-7b5e-8c1d-2e3f4a5b6c7d'],
  ['date', '2026-02-28'],
  ['time', '23:59:59.123456'],
  ['timestamp', '2026-02-28 23:59:59.123'],
  ['timestamptz', new Date('2026-02-28T23:59:59.123Z')],
  ['interval', '1 year 2 days 03:04:05'],
  ['json', JSON.stringify({ a: [1, null, 'ü'] })],
  ['jsonb', { nested: { list: [1, 2, 3], text: 'ü' } }],
  ['bytea', Buffer.from([0, 1, 127, 128, 255])],
  ['inet', '10.0.0.0/8'],
  ['point', '(1.5,-2)'],
  ['int4[]', [1, 2, 3]],
  ['text[]', ['a', 'b "c"', 'd,e', '{f}', 'NULL', '\\']],
  ['timestamptz[]', ['2026-01-01T00:00:00Z']],
  ['jsonb[]', ['{"a": 1}']],
  ['int4range', '[1,5)'],
];

test.each(values)('%s %j comes back as it does without HTTP', async (type, value) => {
  const text = `select $1::${type} as v`;
  const direct = await database.pool.query(text, [value]);
  const { rows } = await sql.query(text, [value]);
  expect(rows).toEqual(direct.rows);
});

test('parameters that are JSON and not text are taken too', async () => {
  const body = JSON.stringify({
    query: 'select $1::int as i, $2::bool as b, $3::jsonb as j, $4::text[] as l, $5::text as n',
    params: [7, true, { a: 1 }, ['x', null, 'y"z'], null],
  });
  expect(await postRaw(body, { 'neon-array-mode': 'true' })).toMatchObject({
    status: 200,
    json: { rows: [['7', 't', '{"a": 1}', String.raw`{x,NULL,"y\"z"}`, null]] },
  });
});

test('a unique violation arrives with its code, detail, table, schema and constraint', async () => {
  await sql`insert into fruits values (10, 'plum')`;
  const error = await failureOf(sql`insert into fruits values (11, 'plum')`);
  expect(error).toMatchObject({
    code: '23505',
    severity: 'ERROR',
    detail: 'Key (name)=(plum) already exists.',
    schema: 'public',
    table: 'fruits',
    constraint: 'fruits_name_key',
  });
  expect(error.message).toContain('duplicate key value violates unique constraint');
  await database.pool.query('truncate fruits');
});

test('a syntax error arrives with its position', async () => {
  expect(await failureOf(sql`selec 1`)).toMatchObject({ code: '42601', position: '1', routine: 'scanner_yyerror' });
});

test('an error has every field, null where PostgreSQL reported nothing', async () => {
  const { status, json } = await postRaw('{"query":"select 1/0"}');
  expect(status).toBe(400);
  const unreported = ['detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where'];
  const aboutObjects = ['table', 'column', 'schema', 'dataType', 'constraint'];
  expect(json).toEqual({
    message: 'division by zero',
    code: '22012',
    severity: 'ERROR',
    file: 'int.c',
    line: expect.stringMatching(/^\d+$/),
    routine: 'int4div',
    ...Object.fromEntries([...unreported, ...aboutObjects].map((name) => [name, null])),
  });
});

test.each([[[]], [[1]]])('several statements in one text are refused (parameters %j)', async (parameters) => {
  const error = await failureOf(sql.query('select 1; select 2', parameters));
  expect(error).toMatchObject({ code: '42601', message: 'cannot insert multiple commands into a prepared statement' });
});

test('a wrong password is status 400 with code 28P01', async () => {
  const wrong = new URL(database.url);
  wrong.password = 'wrong';
  expect(await failureOf(neon(wrong.href)`select 1`)).toMatchObject({ code: '28P01' });
});

test('an unknown database is status 400 with code 3D000', async () => {
  expect(await failureOf(neon(new URL('/nowhere', database.url).href)`select 1`)).toMatchObject({ code: '3D000' });
});

test.each(['nonsense', 'mysql://a:b@c/d', 'postgres://a@c/d', 'postgres://a:b@c'])(
  'the connection string %s is status 400',
  async (connectionString) => {
    const { status, json } = await postRaw('{"query":"select 1"}', { 'neon-connection-string': connectionString });
    expect(status).toBe(400);
    expect(json).toMatchObject({ message: expect.stringContaining('invalid connection string'), code: null });
  },
);

test('a body that is no JSON is status 400', async () => {
  expect(await postRaw('select 1')).toMatchObject({
    status: 400,
    json: { message: expect.stringContaining('could not parse') },
  });
});

test('a request over 64 MB is status 413, and the server goes on', async () => {
  const { status } = await postRaw('x'.repeat(64 * 1024 * 1024 + 1));
  expect(status).toBe(413);
  expect((await sql`select 1 as one`).rows).toEqual([{ one: 1 }]);
});

test('an answer over 64 MB is status 507', async () => {
  const error = await failureOf(sql`select repeat('x', 1048576) from generate_series(1, 65)`);
  expect(error.message).toContain('HTTP status 507');
});

test('another path is status 404', async () => {
  expect((await fetch(database.endpoint.replace('/sql', '/v2'))).status).toBe(404);
});

test('a batch commits as a whole', async () => {
  const [inserted, counted] = await sql.transaction([
    sql`insert into fruits values (1, 'fig'), (2, 'kiwi')`,
    sql`select count(*)::int as n from fruits`,
  ]);
  expect(inserted?.rowCount).toBe(2);
  expect(counted?.rows).toEqual([{ n: 2 }]);
  expect(await namesInTable()).toEqual(['fig', 'kiwi']);
  await database.pool.query('truncate fruits');
});

test('a batch with an error leaves nothing behind, and its connection is usable', async () => {
  const batch = sql.transaction([
    sql`insert into fruits values (1, 'fig')`,
    sql`insert into fruits values (1, 'kiwi')`,
  ]);
  expect(await failureOf(batch)).toMatchObject({ code: '23505' });
  expect(await namesInTable()).toEqual([]);
  expect((await sql`select 1 as one`).rows).toEqual([{ one: 1 }]);
});

test.each([
  ['ReadUncommitted', 'read uncommitted'],
  ['ReadCommitted', 'read committed'],
  ['RepeatableRead', 'repeatable read'],
  ['Serializable', 'serializable'],
] as const)('a batch runs at %s', async (isolationLevel, name) => {
  const [shown] = await sql.transaction([sql`show transaction_isolation`], { isolationLevel });
  expect(shown?.rows).toEqual([{ transaction_isolation: name }]);
});

test('a read-only batch refuses to write', async () => {
  const batch = sql.transaction([sql`insert into fruits values (1, 'fig')`], { readOnly: true });
  expect(await failureOf(batch)).toMatchObject({ code: '25006' });
});

test('a deferrable read-only serializable batch is all three', async () => {
  const [shown] = await sql.transaction(
    [sql`select current_setting('transaction_deferrable') as d, current_setting('transaction_read_only') as r`],
    { isolationLevel: 'Serializable', readOnly: true, deferrable: true },
  );
  expect(shown?.rows).toEqual([{ d: 'on', r: 'on' }]);
});

test("a batch's settings are echoed in the answer's headers", async () => {
  const response = await fetch(database.endpoint, {
    method: 'POST',
    body: '{"queries":[{"query":"select 1"}]}',
    headers: {
      'neon-connection-string': database.url,
      'neon-raw-text-output': 'true',
      'neon-batch-isolation-level': 'Serializable',
      'neon-batch-read-only': 'true',
    },
  });
  expect(response.headers.get('neon-batch-isolation-level')).toBe('Serializable');
  expect(response.headers.get('neon-batch-read-only')).toBe('true');
});

test('a lone BEGIN does not reach the next request: its session is ended', async () => {
  await sql`begin`;
  const open = `select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`;
  while ((await database.pool.query(open)).rowCount !== 0);
  expect((await sql`select 1 as one`).rows).toEqual([{ one: 1 }]);
});

test('many requests at once share at most twenty connections', async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => sql`select ${index}::int as n, pg_backend_pid() as pid, pg_sleep(0.005)`),
  );
  const rows = answers.flatMap((answer) => answer.rows);
  expect(rows.map((row) => row['n'])).toEqual(Array.from({ length: 100 }, (_, index) => index));
  expect(new Set(rows.map((row) => row['pid'])).size).toBeLessThanOrEqual(20);
});

test('a session that an administrator ends fails its own request only', async () => {
  const sleeping = failureOf(sql`select pg_sleep(20), 'to be ended'`);
  const admin = new pg.Client(database.url);
  await admin.connect();
  const find = `select pg_terminate_backend(pid) from pg_stat_activity
    where query like '%to be ended%' and state = 'active' and pid <> pg_backend_pid()`;
  while ((await admin.query(find)).rowCount === 0);
  expect(await sleeping).toMatchObject({ code: '57P01' });
  await admin.end();
  expect((await sql`select 1 as one`).rows).toEqual([{ one: 1 }]);
});
