import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import type { BudgetAsk, Budgets } from './budgets.ts';
import { createBudgets } from './falling-back-budgets.ts';
import { createIsolateBudgets } from './isolate-budgets.ts';
import { createRedisBudgets } from './redis-budgets.ts';
import { DAILY_PAUSE_MS, DOCUMENTED_LIMITS, GUARD_MS, type BudgetLimits, type Grant } from './rules/budget.ts';
import type { RateHeaders } from './rules/rate-headers.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await createTestRedis();
});

afterAll(() => redis.stop());

const START_MS = Date.parse('2026-11-02T12:00:00Z');
let buckets = 0;

function createAsker(budgets: Budgets, bucket = `company:${buckets++}`) {
  let calls = 0;
  const take = (ask: Partial<BudgetAsk> = {}): Promise<Grant> =>
    budgets.take({
      bucket,
      id: `call-${calls++}`,
      share: 'interactive',
      nowMs: START_MS,
      holdMs: 1000,
      waiting: 1,
      ...ask,
    });
  const takeMany = async (count: number, ask: Partial<BudgetAsk> = {}): Promise<number> => {
    let granted = 0;
    for (let n = 0; n < count; n++) granted += (await take(ask)).granted ? 1 : 0;
    return granted;
  };
  const settle = (id: string, nowMs: number, rate: RateHeaders | null = null, isLimited = false): Promise<void> =>
    budgets.settle({ bucket, id, nowMs, rate, isLimited });
  return { take, takeMany, settle };
}

function headers(remaining: number, rest: Partial<RateHeaders> = {}): RateHeaders {
  return { max: 100, remaining, intervalMs: 10_000, dailyLimit: 200_000, dailyRemaining: 199_000, ...rest };
}

const kinds: readonly [string, (limits?: BudgetLimits) => Budgets][] = [
  ['in Redis', (limits = DOCUMENTED_LIMITS) => createRedisBudgets(redis.redis, limits)],
  ['in one isolate', (limits = DOCUMENTED_LIMITS) => createIsolateBudgets(limits)],
];

describe.each(kinds)('a budget %s', (_name, create) => {
  it('gives 100 slots, and the next one an interval after the first of them was settled', async () => {
    const { take, takeMany, settle } = createAsker(create());
    expect(await takeMany(101)).toBe(100);
    await settle('call-0', START_MS + 300);
    const freeAtMs = START_MS + 300 + 10_000 + GUARD_MS;
    expect(await take({ nowMs: START_MS + 400 })).toEqual({
      granted: false,
      reason: 'burst',
      waitMs: freeAtMs - START_MS - 400,
    });
    expect(await take({ nowMs: freeAtMs - 1 })).toMatchObject({ granted: false, waitMs: 1 });
    expect(await take({ nowMs: freeAtMs })).toEqual({ granted: true });
    expect(await take({ nowMs: freeAtMs })).toMatchObject({ granted: false });
  });

  it('holds the slot of a call of which nobody says how it ended for as long as it may take', async () => {
    const { take, takeMany } = createAsker(create());
    await takeMany(100, { holdMs: 20_000 });
    expect(await take({ nowMs: START_MS + 29_000 })).toMatchObject({ granted: false });
    expect(await take({ nowMs: START_MS + 30_000 + GUARD_MS })).toEqual({ granted: true });
  });

  it('leaves a few slots free of bulk, and steps back for those who wait', async () => {
    const { take, takeMany } = createAsker(create());
    expect(await takeMany(100, { share: 'bulk' })).toBe(96);
    expect(await takeMany(5)).toBe(4);
    const freeAtMs = START_MS + 1000 + 10_000 + GUARD_MS;
    expect(await takeMany(1, { nowMs: freeAtMs - 1, waiting: 90 })).toBe(0);
    expect(await takeMany(20, { nowMs: freeAtMs, share: 'bulk' })).toBe(6);
    expect(await take({ nowMs: freeAtMs, waiting: 1 })).toEqual({ granted: true });
  });

  it('counts the calls of others that an answer tells of', async () => {
    const { takeMany, settle } = createAsker(create());
    expect(await takeMany(1)).toBe(1);
    await settle('call-0', START_MS + 50, headers(40));
    expect(await takeMany(100, { nowMs: START_MS + 60 })).toBe(40);
  });

  it('goes by the limits that an answer tells', async () => {
    const { takeMany, settle } = createAsker(create());
    await takeMany(1);
    await settle('call-0', START_MS, headers(199, { max: 200, intervalMs: 500 }));
    expect(await takeMany(300, { nowMs: START_MS + 1 })).toBe(199);
    expect(await takeMany(300, { nowMs: START_MS + 1 + 1000 + 500 + GUARD_MS })).toBe(200);
  });

  it('stops for an interval after a 429', async () => {
    const { take, settle } = createAsker(create());
    await take();
    await settle('call-0', START_MS + 10, null, true);
    expect(await take({ nowMs: START_MS + 20 })).toEqual({ granted: false, reason: 'blocked', waitMs: 9990 });
    expect(await take({ nowMs: START_MS + 10_010 })).toEqual({ granted: true });
  });

  it('ends with the day’s 200,000 until the day ends (UTC), or until HighLevel says that it has', async () => {
    const { take, settle } = createAsker(create({ ...DOCUMENTED_LIMITS, daily: 2 }));
    await take();
    await take();
    const untilMidnightMs = Date.parse('2026-11-03T00:00:00Z') - START_MS;
    expect(await take()).toEqual({ granted: false, reason: 'daily', waitMs: untilMidnightMs });
    expect(await take({ nowMs: START_MS + untilMidnightMs })).toEqual({ granted: true });
    await settle('call-0', START_MS + untilMidnightMs, headers(99, { dailyLimit: 2, dailyRemaining: 2 }));
    expect(await take({ nowMs: START_MS + untilMidnightMs })).toEqual({ granted: true });
  });

  it('lets one call ask again ten minutes after HighLevel said that the day is used up', async () => {
    const { take, settle } = createAsker(create());
    await take();
    await settle('call-0', START_MS, headers(90, { dailyRemaining: 0 }));
    expect(await take({ nowMs: START_MS + 1 })).toMatchObject({ granted: false, reason: 'blocked' });
    await settle('call-0', START_MS + DAILY_PAUSE_MS, headers(90, { dailyRemaining: 200_000 }));
    expect(await take({ nowMs: START_MS + DAILY_PAUSE_MS })).toEqual({ granted: true });
  });

  it('never gives more than the limit in any interval of the server’s clock, whatever the delays', async () => {
    const limits = { max: 5, intervalMs: 1000, daily: 1_000_000 };
    const call = fc.record({
      gapMs: fc.nat({ max: 300 }),
      reachesMs: fc.nat({ max: 400 }),
      answersMs: fc.nat({ max: 400 }),
      share: fc.constantFrom('interactive' as const, 'bulk' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 20, maxLength: 60 }), async (calls) => {
        const { take, settle } = createAsker(create(limits));
        const arrivals: number[] = [];
        const pending: { id: string; atMs: number }[] = [];
        let nowMs = START_MS;
        for (const [index, { gapMs, reachesMs, answersMs, share }] of calls.entries()) {
          nowMs += gapMs;
          for (const { id, atMs } of pending.filter((answer) => answer.atMs <= nowMs)) await settle(id, atMs);
          pending.splice(0, pending.length, ...pending.filter((answer) => answer.atMs > nowMs));
          const id = `c${index}`;
          if (!(await take({ id, nowMs, share, holdMs: 800 })).granted) continue;
          arrivals.push(nowMs + reachesMs);
          pending.push({ id, atMs: nowMs + reachesMs + answersMs });
        }
        for (const from of arrivals) {
          const inside = arrivals.filter((at) => at >= from && at < from + limits.intervalMs);
          expect(inside.length).toBeLessThanOrEqual(limits.max);
        }
      }),
      { numRuns: 25 },
    );
  });
});

it('the script and the rules answer the same, whatever is asked', async () => {
  const limits = { max: 4, intervalMs: 1000, daily: 40 };
  const share = fc.constantFrom('interactive' as const, 'bulk' as const);
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('take' as const),
      gapMs: fc.nat({ max: 700 }),
      share,
      waiting: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({
      kind: fc.constant('settle' as const),
      gapMs: fc.nat({ max: 200 }),
      call: fc.nat({ max: 40 }),
      isLimited: fc.boolean(),
      rate: fc.option(
        fc.record({
          max: fc.integer({ min: 3, max: 6 }),
          remaining: fc.nat({ max: 3 }),
          intervalMs: fc.constantFrom(800, 1000),
          dailyLimit: fc.constantFrom(null, 40),
          dailyRemaining: fc.constantFrom(null, 0, 3, 39),
        }),
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const askers = kinds.map(([, create]) => createAsker(create(limits)));
      let nowMs = START_MS;
      for (const [index, given] of steps.entries()) {
        nowMs += given.gapMs;
        const answers = await Promise.all(
          askers.map(({ take, settle }) =>
            given.kind === 'take'
              ? take({ id: `c${index}`, nowMs, share: given.share, waiting: given.waiting })
              : settle(`c${given.call}`, nowMs, given.rate, given.isLimited),
          ),
        );
        expect(answers[0]).toEqual(answers[1]);
      }
    }),
    { numRuns: 100 },
  );
});

describe('while Redis is away', () => {
  it('an isolate spends a fifth of the budget, and goes back when Redis is there again', async () => {
    let nowMs = START_MS;
    let isAway = true;
    const logged: string[] = [];
    const evaluate = (...args: Parameters<typeof redis.redis.eval>) =>
      isAway ? Promise.reject(new TypeError('fetch failed')) : redis.redis.eval(...args);
    const budgets = createBudgets({
      redis: { eval: evaluate } as never,
      log: ({ event }) => logged.push(event),
      nowMs: () => nowMs,
    });
    const { takeMany } = createAsker(budgets);
    expect(await takeMany(50, { nowMs })).toBe(20);
    expect(logged).toEqual(['highlevel_budget_without_redis']);
    isAway = false;
    nowMs += 5000;
    expect(await takeMany(50, { nowMs })).toBe(50);
  });
});
