import type { Budgets } from './budgets.ts';
import { createBudget, settleSlot, takeSlot, type Budget, type BudgetLimits } from './rules/budget.ts';

const MAX_BUCKETS = 2000;

/** Budgets of this isolate alone. */
export function createIsolateBudgets(limits: BudgetLimits): Budgets {
  const budgets = new Map<string, Budget>();
  const find = (bucket: string): Budget => budgets.get(bucket) ?? createBudget(limits);
  const keep = (bucket: string, budget: Budget): void => {
    budgets.delete(bucket);
    budgets.set(bucket, budget);
    const [oldest] = budgets.keys();
    if (budgets.size > MAX_BUCKETS && oldest !== undefined) budgets.delete(oldest);
  };
  return {
    take: ({ bucket, ...ask }) => {
      const { budget, grant } = takeSlot(find(bucket), ask);
      keep(bucket, budget);
      return Promise.resolve(grant);
    },
    settle: ({ bucket, ...settlement }) => {
      keep(bucket, settleSlot(find(bucket), settlement));
      return Promise.resolve();
    },
  };
}
