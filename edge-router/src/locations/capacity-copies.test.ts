import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDatabase, type Database } from '../../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { upsertLocations } from '../../../db/queries/upsert-locations.ts';
import { locationUpsert } from '../../../db/testing/location-upsert.ts';
import { CAPACITY_KEY, createCapacityCopies, type CapacityCopies } from './capacity-copies.ts';

const KIRITIMATI = 'Pacific/Kiritimati'; // UTC+14
const PAGO_PAGO = 'Pacific/Pago_Pago'; // UTC-11: never the same day as the first

let server: TestDatabase;
let database: Database;
let redis: TestRedis;
let nowMs: number;
let reads: number;
let isPostgresDown = false;
const work: Promise<unknown>[] = [];
const background = (promise: Promise<unknown>): void => void work.push(promise);
const settle = async (): Promise<void> => {
  while (work.length > 0) await work.shift();
};

beforeAll(async () => {
  [server, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  database = createDatabase({ url: server.url, fetchEndpoint: server.endpoint, timeoutMs: 60_000 });
});

afterAll(async () => {
  await Promise.all([server.drop(), redis.stop()]);
});

beforeEach(async () => {
  await redis.redis.flushall();
  await server.pool.query('truncate location_capacity');
  nowMs = Date.now();
  reads = 0;
  isPostgresDown = false;
});

/** Another isolate's copies, over the same Redis and Postgres. */
function createIsolate(): CapacityCopies {
  const counted: Database = Object.assign(Object.create(database) as Database, {
    execute: (...given: Parameters<Database['execute']>) => {
      reads++;
      if (isPostgresDown) throw new Error('down');
      return database.execute(...given);
    },
  });
  return createCapacityCopies({ database: counted, redis: redis.redis, nowMs: () => nowMs, log: () => {} });
}

async function addLocation(franchiseCode: string, timezone: string): Promise<string> {
  await upsertLocations(database, [locationUpsert({ franchiseCode, timezone })]);
  const found = await server.pool.query<{ id: string }>('select id from location_keys where franchise_code = $1', [
    franchiseCode,
  ]);
  return found.rows[0]?.id ?? '';
}

async function setUsed(locationId: string, used: number, daysAgo = 0): Promise<void> {
  await server.pool.query(
    `insert into location_capacity (location_id, day, used)
     select id, (now() at time zone timezone)::date - $3::int, $2 from location_keys where id = $1
     on conflict (location_id, day) do update set used = excluded.used`,
    [locationId, used, daysAgo],
  );
}

describe('copies of seat counts', () => {
  it('know nothing at first, then each location’s count of its own day', async () => {
    const [east, west, idle] = await Promise.all([
      addLocation('EAST', KIRITIMATI),
      addLocation('WEST', PAGO_PAGO),
      addLocation('IDLE', PAGO_PAGO),
    ]);
    await Promise.all([setUsed(east, 3), setUsed(east, 99, 1), setUsed(west, 5), setUsed(west, 99, 1)]);
    const isolate = createIsolate();
    expect([isolate.usedToday(east), isolate.ageSeconds()]).toEqual([null, null]);
    await isolate.ensure(background);
    expect([east, west, idle].map(isolate.usedToday)).toEqual([3, 5, 0]);
    nowMs += 12 * 3_600_000;
    expect(isolate.usedToday(east)).toBeNull();
  });

  it('start from nothing when the location’s day ends', async () => {
    const location = await addLocation('NIGHT', 'UTC');
    await setUsed(location, 7);
    const isolate = createIsolate();
    await isolate.ensure(background);
    expect(isolate.usedToday(location)).toBe(7);
    // Ten seconds before midnight by a clock of our own; the copy is then made anew from a Postgres that is not there yet.
    const midnightMs = (Math.floor(nowMs / 86_400_000) + 1) * 86_400_000;
    await redis.redis.flushall();
    nowMs = midnightMs - 10_000;
    isolate.refreshIfDue(background);
    await settle();
    expect(isolate.usedToday(location)).toBe(7);
    nowMs = midnightMs;
    expect(isolate.usedToday(location)).toBe(0);
  });

  it('are read from Postgres by one isolate for all, and at most every 5 seconds, only when asked for', async () => {
    const location = await addLocation('SHARED', 'UTC');
    await setUsed(location, 1);
    const isolates = Array.from({ length: 5 }, createIsolate);
    for (const isolate of isolates) await isolate.ensure(background);
    expect(reads).toBe(1);
    await setUsed(location, 2);
    nowMs += 4999;
    for (const isolate of isolates) isolate.refreshIfDue(background);
    await settle();
    expect([reads, isolates[0]?.usedToday(location)]).toEqual([1, 1]);
    nowMs += 1;
    // The lock ends by Redis' clock, not by this one.
    await redis.redis.del('capacity:v1:lock');
    for (const isolate of isolates) isolate.refreshIfDue(background);
    await settle();
    nowMs += 5000;
    for (const isolate of isolates) isolate.refreshIfDue(background);
    await settle();
    expect(reads).toBe(2);
    expect(isolates.map((isolate) => isolate.usedToday(location))).toEqual([2, 2, 2, 2, 2]);
  });

  it('live 5 minutes in Redis', async () => {
    await createIsolate().ensure(background);
    const left = await redis.redis.pttl(CAPACITY_KEY);
    expect(left).toBeGreaterThan(290_000);
    expect(left).toBeLessThanOrEqual(300_000);
  });

  it('take what an assignment said until a copy is newer than it', async () => {
    const location = await addLocation('NOTICED', 'UTC');
    const isolate = createIsolate();
    await isolate.ensure(background);
    nowMs += 1000;
    isolate.notice(location, 4);
    expect(isolate.usedToday(location)).toBe(4);
    await setUsed(location, 6);
    nowMs += 5000;
    await redis.redis.del('capacity:v1:lock');
    isolate.refreshIfDue(background);
    await settle();
    expect(isolate.usedToday(location)).toBe(6);
  });

  it('come from Postgres while Redis is away, every 30 seconds at most, and from Redis when it is back', async () => {
    const location = await addLocation('AWAY', 'UTC');
    await setUsed(location, 1);
    await redis.kill();
    const isolate = createIsolate();
    await isolate.ensure(background);
    expect(isolate.usedToday(location)).toBe(1);
    nowMs += 29_999;
    isolate.refreshIfDue(background);
    await settle();
    expect(reads).toBe(1);
    await redis.restart();
    nowMs += 1;
    isolate.refreshIfDue(background);
    await settle();
    expect([reads, await redis.redis.exists(CAPACITY_KEY)]).toEqual([2, 1]);
  });

  it('are made by another request when the one that made them was cut off', async () => {
    const location = await addLocation('CUT', 'UTC');
    await setUsed(location, 3);
    let calls = 0;
    const get: typeof redis.redis.get = (key) => (++calls === 1 ? new Promise(() => {}) : redis.redis.get(key));
    const isolate = createCapacityCopies({
      database,
      redis: { get, set: redis.redis.set.bind(redis.redis) },
      nowMs: () => nowMs,
      log: () => {},
    });
    isolate.refreshIfDue(background);
    work.length = 0;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const joined = isolate.ensure(background);
    await vi.advanceTimersByTimeAsync(5000);
    vi.useRealTimers();
    await joined;
    expect(isolate.usedToday(location)).toBeNull();
    nowMs += 30_000;
    await isolate.ensure(background);
    expect(isolate.usedToday(location)).toBe(3);
  });

  it('stay as they were while both are away, and nobody who asks sees an error', async () => {
    const location = await addLocation('BOTH', 'UTC');
    await setUsed(location, 1);
    const isolate = createIsolate();
    await isolate.ensure(background);
    await redis.kill();
    isPostgresDown = true;
    nowMs += 5000;
    await isolate.ensure(background);
    await settle();
    expect([isolate.usedToday(location), isolate.ageSeconds()]).toEqual([1, 5]);
    const empty = createIsolate();
    await empty.ensure(background);
    expect(empty.usedToday(location)).toBeNull();
    await redis.restart();
  });
});
