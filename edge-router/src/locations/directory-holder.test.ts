import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { testLocation, testLocationId, testRules } from '../testing/test-directory.ts';
import { createDirectoryCache, type DirectoryCache } from './directory-cache.ts';
import { DIRECTORY_HEAD_KEY } from './directory-head.ts';
import { createDirectoryHolder, type DirectoryHolder } from './directory-holder.ts';
import type { DirectorySource } from './directory-source.ts';
import { createMemorySource } from './testing/memory-directory-source.ts';
import { getPostalCodes } from './testing/postal-codes.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await createTestRedis();
});

afterAll(() => redis.stop());

let postgres: ReturnType<typeof createMemorySource>;
let cache: DirectoryCache;
let nowMs: number;
const work: Promise<unknown>[] = [];
const background = (promise: Promise<unknown>): void => void work.push(promise);
const settle = async (): Promise<void> => {
  while (work.length > 0) await work.shift();
};

function createIsolate(given: Partial<{ cache: DirectoryCache }> = {}): DirectoryHolder {
  return createDirectoryHolder({
    cache,
    source: postgres.source,
    postalCodes: getPostalCodes(),
    maxLocations: 1000,
    nowMs: () => nowMs,
    log: () => {},
    ...given,
  });
}

beforeEach(async () => {
  await redis.redis.flushall();
  postgres = createMemorySource();
  let tokens = 0;
  cache = createDirectoryCache(redis.redis, { newToken: () => `token-${++tokens}`, maxLocations: 1000 });
  nowMs = 1_000_000;
});

async function namesIn(holder: DirectoryHolder): Promise<string[]> {
  const directory = await holder.current(background);
  return [...directory.locationsById.values()].map((location) => location.name).sort();
}

async function locationsInRedis(): Promise<number | null> {
  const found = await cache.readAll();
  return found?.kind === 'whole' ? found.data.locations.length : null;
}

describe('an isolate', () => {
  it('loads from Postgres while Redis is empty, and from Redis once it is published', async () => {
    const first = createIsolate();
    expect(await namesIn(first)).toEqual(['Location 1']);
    expect(first.status()).toMatchObject({ loadedFrom: 'postgres', version: 1 });
    await settle();
    expect(await cache.publish(postgres.source)).toBe('current');
    const asked = { ...postgres.asked };
    const second = createIsolate();
    expect(await namesIn(second)).toEqual(['Location 1']);
    expect(second.status()).toMatchObject({ loadedFrom: 'redis', version: 1 });
    expect(postgres.asked).toEqual(asked);
  });

  it('serves the old directory while it fetches only what changed', async () => {
    await cache.publish(postgres.source);
    const holder = createIsolate();
    await holder.current(background);
    postgres.change(testLocation(2));
    await cache.publish(postgres.source);
    nowMs += 9000;
    expect(await namesIn(holder)).toEqual(['Location 1']);
    await settle();
    expect(await namesIn(holder)).toEqual(['Location 1']);
    nowMs += 1500;
    expect(await namesIn(holder)).toEqual(['Location 1']);
    const asked = { ...postgres.asked };
    await settle();
    expect(await namesIn(holder)).toEqual(['Location 1', 'Location 2']);
    expect(postgres.asked).toEqual(asked);
    expect(await redis.redis.keys('directory:v1:changes:2-*')).toHaveLength(1);
  });

  it('catches up over many changes, of which it has seen some', async () => {
    await cache.publish(postgres.source);
    const holder = createIsolate();
    await holder.current(background);
    for (let number = 2; number <= 60; number++) {
      postgres.change(testLocation(number));
      await cache.publish(postgres.source);
      if (number % 13 === 0) {
        nowMs += 10_000;
        await holder.current(background);
        await settle();
      }
    }
    postgres.change(testLocation(1, { name: 'Renamed' }));
    postgres.setTerritories([]);
    await cache.publish(postgres.source);
    nowMs += 10_000;
    await holder.current(background);
    await settle();
    const directory = await holder.current(background);
    expect(directory.locationsById.size).toBe(60);
    expect(directory.locationsById.get(testLocationId(1))?.name).toBe('Renamed');
    expect(directory.territories.owners.size).toBe(0);
    expect(directory.version).toBe(62);
  });

  it('told of a newer version goes to Postgres when Redis does not have it, and publishes it', async () => {
    await cache.publish(postgres.source);
    const holder = createIsolate();
    await holder.current(background);
    postgres.change(testLocation(2));
    nowMs += 1000;
    holder.notice(2, background);
    await settle();
    expect(await namesIn(holder)).toEqual(['Location 1', 'Location 2']);
    const other = createIsolate();
    expect(await namesIn(other)).toEqual(['Location 1', 'Location 2']);
    expect(other.status().loadedFrom).toBe('redis');
  });

  it('goes on with what it has while Redis and Postgres are both away, and catches up after', async () => {
    const holder = createIsolate();
    await holder.current(background);
    await redis.kill();
    postgres.setDown(true);
    nowMs += 10_000;
    expect(await namesIn(holder)).toEqual(['Location 1']);
    await settle();
    await expect(createIsolate().current(background)).rejects.toThrow();
    await Promise.allSettled(work.splice(0));
    postgres.setDown(false);
    postgres.change(testLocation(2));
    nowMs += 10_000;
    await holder.current(background);
    await settle();
    expect(await namesIn(holder)).toEqual(['Location 1', 'Location 2']);
    await redis.restart();
    nowMs += 10_000;
    await holder.current(background);
    await settle();
    expect(await redis.redis.exists(DIRECTORY_HEAD_KEY)).toBe(1);
  });

  it('stays at what it fetched for a writer when an older check comes to its end after that', async () => {
    await cache.publish(postgres.source);
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let hasRead = (): void => {};
    const reading = new Promise<void>((resolve) => {
      hasRead = resolve;
    });
    const readSince: DirectoryCache['readSince'] = async (since) => {
      const found = await cache.readSince(since);
      hasRead();
      await held;
      return found;
    };
    const holder = createIsolate({ cache: { ...cache, readSince } });
    await holder.current(background);
    postgres.change(testLocation(2));
    await cache.publish(postgres.source);
    nowMs += 10_000;
    await holder.current(background);
    await reading;
    postgres.change(testLocation(3));
    await holder.refreshNow();
    expect(holder.status().version).toBe(3);
    goOn();
    await settle();
    expect(holder.status().version).toBe(3);
    expect(await namesIn(holder)).toEqual(['Location 1', 'Location 2', 'Location 3']);
  });

  it('checks again after a check that was cut off with its request', async () => {
    await cache.publish(postgres.source);
    let checks = 0;
    const readSince: DirectoryCache['readSince'] = (since) =>
      ++checks === 1 ? new Promise(() => {}) : cache.readSince(since);
    const holder = createIsolate({ cache: { ...cache, readSince } });
    await holder.current(background);
    postgres.change(testLocation(2));
    await cache.publish(postgres.source);
    nowMs += 10_000;
    await holder.current(background);
    work.length = 0;
    nowMs += 30_000;
    await holder.current(background);
    await settle();
    expect(await namesIn(holder)).toEqual(['Location 1', 'Location 2']);
  });

  it('asked by many at its first moment loads once', async () => {
    const holder = createIsolate();
    await Promise.all(Array.from({ length: 50 }, () => holder.current(background)));
    expect(postgres.asked.all).toBe(1);
  });
});

describe('the copy in Redis', () => {
  it('that lost a segment is not believed, and is written anew', async () => {
    await cache.publish(postgres.source);
    const segments = await redis.redis.keys('directory:v1:locations:*');
    expect(segments).toHaveLength(1);
    await redis.redis.del(...segments);
    expect(await cache.readAll()).toBeNull();
    const holder = createIsolate();
    await holder.current(background);
    expect(holder.status().loadedFrom).toBe('postgres');
    await settle();
    expect(await locationsInRedis()).toBe(1);
  });

  it('is written by one publisher at a time', async () => {
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => cache.publish(postgres.source)));
    expect(outcomes.filter((outcome) => outcome === 'published')).toHaveLength(1);
    expect(postgres.asked.all).toBe(1);
  });

  it('is brought up once more by its publisher when another asked meanwhile with news', async () => {
    let goOn = (): void => {};
    const reading = new Promise<void>((isReading) => {
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const { source } = postgres;
      const readTerritories: DirectorySource['readTerritories'] = async () => {
        const territories = await source.readTerritories();
        isReading();
        await held;
        return territories;
      };
      background(cache.publish({ ...source, readTerritories }));
    });
    await reading;
    postgres.change(testLocation(2));
    expect(await cache.publish(postgres.source)).toBe('busy');
    goOn();
    await settle();
    expect(await locationsInRedis()).toBe(2);
    expect(await redis.redis.exists('directory:v1:lock', 'directory:v1:publish-again')).toBe(0);
  });

  it('left over from another database is replaced', async () => {
    for (let number = 2; number <= 5; number++) postgres.change(testLocation(number));
    await cache.publish(postgres.source);
    postgres = createMemorySource();
    expect(await cache.publish(postgres.source)).toBe('published');
    expect((await cache.readAll())?.data.version).toBe(1);
  });
});

describe('rules that are published for later', () => {
  const later = { ...testRules, version: 8 };
  const latest = { ...testRules, version: 9 };
  const schedule = (): void =>
    postgres.setRules({
      rules: testRules,
      scheduledRules: [
        { effectiveAtMs: nowMs + 5000, rules: later },
        { effectiveAtMs: nowMs + 60_000, rules: latest },
      ],
    });
  const versionIn = async (holder: DirectoryHolder): Promise<number> =>
    (await holder.current(background)).rules.version;

  it.each(['redis', 'postgres'] as const)(
    'take effect at their time in an isolate that read them from %s',
    async (from) => {
      schedule();
      if (from === 'redis') await cache.publish(postgres.source);
      const holder = createIsolate();
      expect(await versionIn(holder)).toBe(7);
      expect(holder.status().loadedFrom).toBe(from);
      await settle();
      postgres.setDown(true);
      nowMs += 4999;
      expect(await versionIn(holder)).toBe(7);
      nowMs += 1;
      expect(await versionIn(holder)).toBe(8);
      nowMs += 60_000;
      expect(await versionIn(holder)).toBe(9);
      await settle();
    },
  );

  it('are in effect for an isolate that starts after their time from an older copy', async () => {
    schedule();
    await cache.publish(postgres.source);
    nowMs += 60_000;
    expect(await versionIn(createIsolate())).toBe(9);
  });

  it('come with a change, and stay through another that is not about rules', async () => {
    await cache.publish(postgres.source);
    const holder = createIsolate();
    await holder.current(background);
    schedule();
    await cache.publish(postgres.source);
    postgres.change(testLocation(2));
    await cache.publish(postgres.source);
    await holder.refreshNow();
    expect(await versionIn(holder)).toBe(7);
    nowMs += 5000;
    expect(await versionIn(holder)).toBe(8);
    postgres.change(testLocation(3));
    await holder.refreshNow();
    expect(await versionIn(holder)).toBe(8);
    expect(await versionIn(createIsolate())).toBe(8);
    await settle();
  });
});
