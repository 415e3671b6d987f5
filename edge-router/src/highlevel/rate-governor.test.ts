import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { searchLocations } from './calls/locations.ts';
import type { Highlevel } from './highlevel.ts';
import { createRateGovernor, type Lane } from './rate-governor.ts';
import type { Grant } from './rules/budget.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis });
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

interface Window {
  readonly used: number;
  readonly refused: number;
}

/** HighLevel's interval is now this long, the governor has learned so from an answer, and nothing is spent. */
async function startAfresh(intervalMs: number): Promise<void> {
  const slots = `highlevel:v1:slots:company:${test.config.companyId}`;
  await test.sandbox.admin('PATCH', 'settings', { rateLimits: { intervalMs } });
  await searchLocations(test.callerFor(), {});
  const countHeld = (): Promise<number> => redis.redis.zcount(slots, Date.now(), '+inf');
  await expect.poll(countHeld, { timeout: 30_000 }).toBe(0);
  await test.sandbox.admin('DELETE', 'requests');
}

async function readWindows(): Promise<Window[]> {
  const summary = (await test.sandbox.admin('GET', 'requests/summary')) as { windows: Record<string, Window[]> };
  return summary.windows[`company:${test.config.companyId}`] ?? [];
}

async function callMany(
  isolates: readonly Highlevel[],
  { calls, atOnce, ...lane }: { calls: number; atOnce: number } & Omit<Lane, 'row'>,
): Promise<{ ok: number; failed: unknown[] }> {
  const failed: unknown[] = [];
  let ok = 0;
  let next = 0;
  const work = async (worker: number): Promise<void> => {
    while (next < calls) {
      const number = next++;
      const highlevel = isolates[worker % isolates.length];
      const caller = highlevel?.callerFor({ ...lane, row: `row-${number % 7}` });
      const result = caller && (await searchLocations(caller, { email: `nobody-${number}@example.com` }));
      if (result?.ok) ok += 1;
      else failed.push(result?.error);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => work(worker)));
  return { ok, failed };
}

describe('500 calls for one company, 20 at a time', () => {
  it('meet no 429, and use at least 95 of each 100 that a window has', async () => {
    await startAfresh(5000);
    const lane = { share: 'interactive', maxWaitMs: 60_000 } as const;
    const { ok, failed } = await callMany([test.highlevel], { calls: 500, atOnce: 20, ...lane });
    const windows = await readWindows();
    console.log(`Calls in each window of 100: ${windows.map(({ used }) => used).join(', ')}`);
    expect({ ok, failed }).toEqual({ ok: 500, failed: [] });
    expect(windows.filter(({ refused }) => refused > 0)).toEqual([]);
    expect(Math.min(...windows.slice(0, -1).map(({ used }) => used))).toBeGreaterThanOrEqual(95);
  }, 90_000);

  it('meet no 429 either from three isolates at once, as a batch that leaves 4 of 100 to others', async () => {
    await startAfresh(2000);
    const others = await Promise.all([test.startAnother(), test.startAnother()]);
    const isolates = [test.highlevel, ...others.map(({ highlevel }) => highlevel)];
    const lane = { share: 'bulk', maxWaitMs: 60_000 } as const;
    expect(await callMany(isolates, { calls: 500, atOnce: 20, ...lane })).toEqual({ ok: 500, failed: [] });
    const windows = await readWindows();
    expect(windows.filter(({ used, refused }) => refused > 0 || used > 96)).toEqual([]);
  }, 90_000);
});

describe('a wait for a slot', () => {
  it('does not let a batch’s many calls hold up another row, nor any of them somebody who waits', async () => {
    await startAfresh(2000);
    const order: string[] = [];
    const callAs = async (lane: Lane): Promise<void> => {
      await searchLocations(test.highlevel.callerFor({ ...lane, maxWaitMs: 30_000 }), {});
      order.push(lane.row);
    };
    const crowd = Array.from({ length: 150 }, () => callAs({ share: 'bulk', row: 'crowd' }));
    await expect.poll(() => order.length, { timeout: 10_000 }).toBe(96);
    const others = Array.from({ length: 5 }, () => callAs({ share: 'bulk', row: 'small' }));
    const somebody = callAs({ share: 'interactive', row: 'somebody' });
    await Promise.all([...crowd, ...others, somebody]);
    expect(order.indexOf('somebody')).toBeLessThan(96 + 5);
    expect(order.lastIndexOf('small')).toBeLessThan(96 + 30);
  }, 30_000);

  it('is not begun where a thousand wait already', async () => {
    const budgets = {
      take: (): Promise<Grant> => Promise.resolve({ granted: false, waitMs: 60_000, reason: 'burst' }),
      settle: () => Promise.resolve(),
    };
    const governor = createRateGovernor({ ...test.router.deps, budgets });
    const ask = { bucket: 'location:full', share: 'bulk', row: 'x', holdMs: 1000, maxWaitMs: 300 } as const;
    const asked = Array.from({ length: 1001 }, () => governor.acquire(ask));
    expect(await Promise.race(asked)).toMatchObject({ ok: false });
    expect((await Promise.all(asked)).filter(({ ok }) => ok)).toEqual([]);
  });

  it('does not hang on requests that ended while they asked', async () => {
    let nowMs = Date.now();
    let mayAnswer = false;
    const budgets = {
      take: (): Promise<Grant> => (mayAnswer ? Promise.resolve({ granted: true }) : new Promise(() => undefined)),
      settle: () => Promise.resolve(),
    };
    const governor = createRateGovernor({ ...test.router.deps, budgets, nowMs: () => nowMs });
    const ask = { bucket: 'location:left', share: 'interactive', row: 'x', holdMs: 1000, maxWaitMs: 300 } as const;
    for (let number = 0; number < 8; number++) void governor.acquire(ask);
    mayAnswer = true;
    nowMs += 60_000;
    expect(await governor.acquire(ask)).toMatchObject({ ok: true });
  });

  it('is bounded, and ends with the time to come back', async () => {
    await test.sandbox.admin('PATCH', 'settings', { rateLimits: { burst: 1, intervalMs: 60_000 } });
    await searchLocations(test.callerFor(), {});
    const hurried = await searchLocations(test.callerFor({ maxWaitMs: 100 }), {});
    const error = {
      kind: 'rate_limited',
      endpoint: 'searchLocations',
      saidBy: 'governor',
      retryAfterMs: expect.any(Number),
    };
    expect(hurried).toEqual({ ok: false, error });
    const retryAfterMs = !hurried.ok && hurried.error.kind === 'rate_limited' ? hurried.error.retryAfterMs : 0;
    expect(retryAfterMs).toBeGreaterThan(30_000);
  });
});
