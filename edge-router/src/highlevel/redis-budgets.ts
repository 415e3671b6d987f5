import type { Redis } from '@upstash/redis';
import * as z from 'zod';
import { settleSlotScript, takeSlotScript } from './budget-scripts.ts';
import type { Budgets } from './budgets.ts';
import { BULK_PERCENT, DAILY_PAUSE_MS, GUARD_MS, WANTED_MS, type BudgetLimits } from './rules/budget.ts';

const PREFIX = 'highlevel:v1';

const grantSchema = z.union([
  z.tuple([z.literal(1)]).transform(() => ({ granted: true }) as const),
  z
    .tuple([z.literal(0), z.coerce.number(), z.enum(['burst', 'blocked', 'daily'])])
    .transform(([, waitMs, reason]) => ({ granted: false, waitMs, reason }) as const),
]);

function keysOf(bucket: string): [slots: string, state: string] {
  return [`${PREFIX}:slots:${bucket}`, `${PREFIX}:budget:${bucket}`];
}

/** The budgets of all isolates: one script to take a slot, one to settle it. Throws when Redis cannot be reached. */
export function createRedisBudgets(redis: Pick<Redis, 'eval'>, limits: BudgetLimits): Budgets {
  const { max, intervalMs, daily } = limits;
  return {
    take: async ({ bucket, id, share, nowMs, holdMs, waiting }) => {
      const ask = [nowMs, GUARD_MS, id, share === 'interactive' ? 1 : 0, holdMs, waiting];
      const rest = [max, intervalMs, daily, BULK_PERCENT, WANTED_MS];
      return grantSchema.parse(await redis.eval(takeSlotScript, keysOf(bucket), [...ask, ...rest].map(String)));
    },
    settle: async ({ bucket, id, nowMs, rate, isLimited }) => {
      const known = [nowMs, GUARD_MS, id, max, intervalMs, daily, isLimited ? 1 : 0, DAILY_PAUSE_MS];
      const told = rate
        ? [rate.max, rate.remaining, rate.intervalMs, rate.dailyLimit ?? '', rate.dailyRemaining ?? '']
        : [];
      await redis.eval(settleSlotScript, keysOf(bucket), [...known, ...told].map(String));
    },
  };
}
