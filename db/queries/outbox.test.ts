import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { measureOutbox } from './measure-outbox.ts';
import { nextOutboxMessage, type OutboxMessage } from './next-outbox-message.ts';
import { releaseOutboxMessage } from './release-outbox-message.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());
beforeEach(() => test.pool.query('truncate outbox, outbox_messages'));

async function fill(count: number): Promise<void> {
  await test.pool.query(
    `insert into outbox (topic, payload) select 'lead.assigned', jsonb_build_object('n', n) from generate_series(1, $1) n`,
    [count],
  );
}

function next(given: { publishedId?: string; maxEvents?: number } = {}): Promise<OutboxMessage | null> {
  return nextOutboxMessage(database, { publishedId: null, maxEvents: 50, leaseSeconds: 60, ...given });
}

function numbersOf(message: OutboxMessage | null): unknown[] {
  return (message?.events ?? []).map((event) => event['n']);
}

async function countRows(table: 'outbox' | 'outbox_messages'): Promise<number> {
  const { rows } = await test.pool.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return rows[0]?.count ?? -1;
}

async function endLeases(): Promise<void> {
  await test.pool.query(`update outbox_messages set claimed_until = claimed_until - interval '61 seconds'`);
}

it('gives each piece of news to one of four drains that run at the same time', async () => {
  await fill(1000);
  const drain = async (): Promise<unknown[]> => {
    const mine: unknown[] = [];
    for (let message = await next(); message; message = await next({ publishedId: message.id })) {
      mine.push(...numbersOf(message));
    }
    return mine;
  };
  const sent = (await Promise.all([drain(), drain(), drain(), drain()])).flat();
  expect(sent).toHaveLength(1000);
  expect(new Set(sent).size).toBe(1000);
  expect([await countRows('outbox'), await countRows('outbox_messages')]).toEqual([0, 0]);
});

it('takes no more than it was asked for, oldest first, and nothing when asked only to end the former', async () => {
  await fill(5);
  const first = await next({ maxEvents: 3 });
  expect(numbersOf(first)).toEqual([1, 2, 3]);
  expect(first?.events[0]).toEqual({
    outboxId: expect.any(Number),
    topic: 'lead.assigned',
    at: expect.any(String),
    n: 1,
  });
  expect(await next({ maxEvents: 0, publishedId: first?.id ?? '' })).toBeNull();
  expect([await countRows('outbox'), await countRows('outbox_messages')]).toEqual([2, 0]);
});

it('gives the same message again, before any newer news, when its lease has run out', async () => {
  await fill(2);
  const first = await next({ maxEvents: 1 });
  expect(numbersOf(first)).toEqual([1]);
  expect(numbersOf(await next({ maxEvents: 1 }))).toEqual([2]);
  expect(await next()).toBeNull();
  await fill(1);
  await endLeases();
  expect(await next()).toEqual({ ...first, attempts: 2 });
});

it('gives a message that was not taken again after the pause, and one that was never', async () => {
  await fill(2);
  const [taken, refused] = [await next({ maxEvents: 1 }), await next({ maxEvents: 1 })];
  await releaseOutboxMessage(database, { id: refused?.id ?? '', retryAfterSeconds: 30 });
  expect(await next({ publishedId: taken?.id ?? '' })).toBeNull();
  await endLeases();
  expect(await next()).toEqual({ ...refused, attempts: 2 });
  expect(await next()).toBeNull();
});

it('tells how much waits and for how long, in rows and in messages', async () => {
  expect(await measureOutbox(database)).toEqual({ unpublished: 0, oldestAgeSeconds: null });
  await fill(3);
  await test.pool.query(`update outbox set created_at = now() - interval '90 seconds' where payload ->> 'n' = '1'`);
  await next({ maxEvents: 2 });
  expect(await measureOutbox(database)).toEqual({ unpublished: 3, oldestAgeSeconds: 90 });
});
