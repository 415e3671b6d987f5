import type { AppDeps } from '../deps.ts';
import type { Budgets } from './budgets.ts';
import { createIsolateBudgets } from './isolate-budgets.ts';
import { createRedisBudgets } from './redis-budgets.ts';
import { DOCUMENTED_LIMITS, type BudgetLimits } from './rules/budget.ts';

/** Redis is asked again after this. */
const REDIS_PAUSE_MS = 5000;
/** Nobody knows how many isolates count for themselves meanwhile. */
const ISOLATE_DIVISOR = 5;

/**
 * Counts in Redis; while it is away each isolate counts for itself, with a fifth of the budget. What an answer tells
 * (a 429, or how much is left) is heeded there too, but for its limits, which are the whole company's.
 */
export function createBudgets(deps: Pick<AppDeps, 'redis' | 'log' | 'nowMs'>, limits = DOCUMENTED_LIMITS): Budgets {
  const shared = createRedisBudgets(deps.redis, limits);
  const own = createIsolateBudgets(divide(limits));
  let pausedUntilMs = 0;
  const orOwn = async <T>(ask: (budgets: Budgets) => Promise<T>): Promise<T> => {
    if (deps.nowMs() < pausedUntilMs) return ask(own);
    try {
      return await ask(shared);
    } catch (error) {
      pausedUntilMs = deps.nowMs() + REDIS_PAUSE_MS;
      deps.log({ event: 'highlevel_budget_without_redis', error });
      return ask(own);
    }
  };
  return {
    take: (ask) => orOwn((budgets) => budgets.take(ask)),
    settle: (settlement) =>
      orOwn((budgets) => budgets.settle(budgets === own ? { ...settlement, rate: null } : settlement)),
  };
}

function divide({ max, intervalMs, daily }: BudgetLimits): BudgetLimits {
  return { max: Math.floor(max / ISOLATE_DIVISOR), intervalMs, daily: Math.floor(daily / ISOLATE_DIVISOR) };
}
