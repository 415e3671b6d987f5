import type { Grant, Settlement, Share } from './rules/budget.ts';

/** Where the budgets are counted: in Redis for all isolates, or in one isolate while Redis is away. */
export interface Budgets {
  readonly take: (ask: BudgetAsk) => Promise<Grant>;
  readonly settle: (settlement: Settlement & { readonly bucket: string }) => Promise<void>;
}

export interface BudgetAsk {
  /** `company:{id}` or `location:{id}`. */
  readonly bucket: string;
  readonly id: string;
  readonly share: Share;
  readonly nowMs: number;
  readonly holdMs: number;
  readonly waiting: number;
}
