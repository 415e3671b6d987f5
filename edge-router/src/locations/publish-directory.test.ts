import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { testLocation, testLocationId } from '../testing/test-directory.ts';
import { createDirectoryCache, type DirectoryCache } from './directory-cache.ts';
import { DIRECTORY_HEAD_KEY, readHead } from './directory-head.ts';
import { createDirectoryHolder, type DirectoryHolder } from './directory-holder.ts';
import type { DirectorySource } from './directory-source.ts';
import { createMemorySource } from './testing/memory-directory-source.ts';
import { getPostalCodes } from './testing/postal-codes.ts';

let redis: TestRedis;
let postgres: ReturnType<typeof createMemorySource>;
let tokens = 0;
let nowMs: number;
const work: Promise<unknown>[] = [];
const background = (promise: Promise<unknown>): void => void work.push(promise);
const settle = async (): Promise<void> => {
  while (work.length > 0) await work.shift();
};

beforeAll(async () => {
  redis = await createTestRedis();
});

afterAll(() => redis.stop());

beforeEach(async () => {
  await redis.redis.flushall();
  postgres = createMemorySource();
  nowMs = 1_000_000;
});

function createCache(maxLocations = 1000): DirectoryCache {
  return createDirectoryCache(redis.redis, { newToken: () => `token-${++tokens}`, maxLocations });
}

function createIsolate(maxLocations = 1000): DirectoryHolder {
  const given = { cache: createCache(maxLocations), source: postgres.source, postalCodes: getPostalCodes() };
  return createDirectoryHolder({ ...given, maxLocations, nowMs: () => nowMs, log: () => {} });
}

const versionInRedis = async (): Promise<number | undefined> => (await readHead(redis.redis)).head?.version;

const namesOf = async (holder: DirectoryHolder, ...numbers: number[]): Promise<string[]> => {
  const found = await holder.forLocations(numbers.map(testLocationId), background);
  return [...found.locationsById.values()].map(({ name }) => name).sort();
};

/** A publisher that stops after `step` has read, until it is let go; its lock has run out meanwhile. */
async function stopPublisher(step: 'readTerritories' | 'readChange') {
  let goOn = (): void => {};
  const letGo = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let hasStopped = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    hasStopped = resolve;
  });
  const { source } = postgres;
  const pause = async <Read>(read: Promise<Read>): Promise<Read> => {
    const found = await read;
    hasStopped();
    await letGo;
    return found;
  };
  const slow: DirectorySource = {
    ...source,
    ...(step === 'readTerritories'
      ? { readTerritories: () => pause(source.readTerritories()) }
      : { readChange: (since, limits) => pause(source.readChange(since, limits)) }),
  };
  const outcome = createCache().publish(slow);
  await stopped;
  await redis.redis.del('directory:v1:lock');
  return { outcome, goOn };
}

describe('a publisher that was overtaken', () => {
  it.each(['readTerritories', 'readChange'] as const)('while in %s writes no head', async (step) => {
    if (step === 'readChange') {
      await createCache().publish(postgres.source);
      postgres.change(testLocation(2));
    }
    const { outcome, goOn } = await stopPublisher(step);
    postgres.change(testLocation(2, { name: 'Newest' }));
    expect(await createCache().publish(postgres.source)).toBe('published');
    const head = await redis.redis.get(DIRECTORY_HEAD_KEY);
    goOn();
    expect(await outcome).toBe('overtaken');
    expect(await redis.redis.get(DIRECTORY_HEAD_KEY)).toBe(head);
    for (const isolate of [createIsolate(), createIsolate(0)]) {
      expect(await namesOf(isolate, 2)).toContain('Newest');
    }
  });
});

describe('a publication', () => {
  it('that is interrupted leaves the copy as it was, and the next one succeeds', async () => {
    await createCache().publish(postgres.source);
    for (let number = 2; number <= 5; number++) postgres.change(testLocation(number));
    const broken: DirectorySource = {
      ...postgres.source,
      readChange: async () => null,
      readLocationPages: async function* () {
        yield [testLocation(1, { name: 'Half' })];
        throw new Error('cut off');
      },
    };
    await expect(createCache().publish(broken)).rejects.toThrow('cut off');
    expect(await versionInRedis()).toBe(1);
    expect(await namesOf(createIsolate(0), 1, 5)).toEqual(['Location 1']);
    expect(await createCache().publish(postgres.source)).toBe('published');
    expect(await namesOf(createIsolate(0), 1, 5)).toEqual(['Location 1', 'Location 5']);
  });

  it('does not disturb readers that are between its parts', async () => {
    await createCache().publish(postgres.source);
    const reader = createIsolate(0);
    await reader.current(background);
    const { outcome, goOn } = await (async () => {
      await redis.redis.del(DIRECTORY_HEAD_KEY);
      return stopPublisher('readTerritories');
    })();
    expect(await namesOf(reader, 1)).toEqual(['Location 1']);
    goOn();
    expect(await outcome).toBe('published');
    // The sets it replaced are kept for those who read by the older head.
    expect(await namesOf(reader, 1)).toEqual(['Location 1']);
    expect(postgres.asked.all).toBe(2);
  });

  it('of a database that was reset takes the place of a newer one', async () => {
    for (let number = 2; number <= 5; number++) postgres.change(testLocation(number));
    await createCache().publish(postgres.source);
    postgres = createMemorySource();
    expect(await createCache().publish(postgres.source)).toBe('published');
    expect(await versionInRedis()).toBe(1);
    expect(await namesOf(createIsolate(0), 1, 5)).toEqual(['Location 1']);
  });

  it('moves a location, its names and whether it is active in the sets too', async () => {
    await createCache().publish(postgres.source);
    const isolate = createIsolate(0);
    await isolate.current(background);
    postgres.change(testLocation(1, { franchiseCode: 'NEW', active: false }));
    postgres.change(testLocation(2, { franchiseCode: 'F1' }));
    await createCache().publish(postgres.source);
    const question = { namedLocation: 'f1', coordinates: null, postalCode: '02134', city: null, state: null };
    const knowledge = { stickyLocationId: null, refusals: new Map() };
    const found = await isolate.forLead({ question: { ...question, service: null }, knowledge }, background);
    expect(found.idsByFranchiseCode.get('f1')).toBe(testLocationId(2));
    expect(found.activeLocations.map(({ id }) => id)).toEqual([testLocationId(2)]);
  });
});

describe('news that', () => {
  it('is lost, comes twice or in another order leaves an isolate at the newest version', async () => {
    await createCache().publish(postgres.source);
    const [whole, thin] = [createIsolate(), createIsolate(0)];
    await Promise.all([whole.current(background), thin.current(background)]);
    for (let number = 2; number <= 6; number++) {
      postgres.change(testLocation(number));
      if (number % 2 === 0) await createCache().publish(postgres.source);
    }
    for (const version of [6, 3, 6, 2, 4, 6]) {
      nowMs += 300;
      for (const isolate of [whole, thin]) isolate.notice(version, background);
      await settle();
    }
    for (const isolate of [whole, thin]) {
      expect(isolate.status().version).toBe(6);
      expect(await namesOf(isolate, 2, 6)).toContain('Location 6');
    }
    await redis.redis.flushall();
    nowMs += 10_000;
    for (const isolate of [whole, thin]) await isolate.current(background);
    await settle();
    expect([whole.status().version, thin.status().version, await versionInRedis()]).toEqual([6, 6, 6]);
  });

  it('lost a change on the way is read from Postgres', async () => {
    await createCache().publish(postgres.source);
    const isolate = createIsolate();
    await isolate.current(background);
    postgres.change(testLocation(2));
    await createCache().publish(postgres.source);
    await redis.redis.del(...(await redis.redis.keys('directory:v1:changes:*')));
    nowMs += 10_000;
    await isolate.current(background);
    await settle();
    expect(isolate.status()).toMatchObject({ version: 2, loadedFrom: 'postgres' });
    expect(await versionInRedis()).toBe(2);
  });
});

describe('a set that is gone', () => {
  it.each(['geo', 'meta', 'codes', 'rows:1', 'owners'])(
    '(%s) is noticed, Postgres answers, and it is written anew',
    async (part) => {
      await createCache().publish(postgres.source);
      const isolate = createIsolate(0);
      await isolate.current(background);
      await redis.redis.del(...(await redis.redis.keys(`directory:v1:${part}:*`)));
      const question = { namedLocation: 'F1', coordinates: null, postalCode: '02134', city: null, state: null };
      const ask = {
        question: { ...question, service: null },
        knowledge: { stickyLocationId: null, refusals: new Map() },
      };
      expect((await isolate.forLead(ask, background)).locationsById.size).toBe(1);
      expect(postgres.asked.all).toBeGreaterThan(1);
      await settle();
      nowMs += 10_000;
      await isolate.current(background);
      await settle();
      const asked = { ...postgres.asked };
      expect((await isolate.forLead(ask, background)).locationsById.size).toBe(1);
      expect(postgres.asked).toEqual(asked);
    },
  );
});
