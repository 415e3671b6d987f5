// The calls that one company or one sub-account may still take: 100 in any 10 s and 200,000 a day, counted by us alone.
// Pure; what an isolate counts with while Redis is away, and what budget-script.ts does in Redis.
//
// A call holds a slot from the moment it is allowed until an interval after its answer came. HighLevel counted it
// somewhere in between, so whatever window HighLevel lays over its own clock, it never holds more calls than slots.
import type { RateHeaders } from './rate-headers.ts';

/** `interactive`: somebody waits. `bulk`: a batch, which leaves a few slots free and steps back for those who wait. */
export type Share = 'interactive' | 'bulk';

export interface BudgetLimits {
  readonly max: number;
  readonly intervalMs: number;
  readonly daily: number;
}

/** What HighLevel documents; its answers' headers overrule it. */
export const DOCUMENTED_LIMITS: BudgetLimits = { max: 100, intervalMs: 10_000, daily: 200_000 };
/** For clocks of isolates that differ a little. */
export const GUARD_MS = 150;
/** Of 100 slots a bulk run takes at most so many. */
export const BULK_PERCENT = 96;
/** So long a bulk run leaves the slots alone that an interactive call did not get. */
export const WANTED_MS = 2000;
/** When HighLevel says that the day is used up, one call asks again after this, for nobody documents when its day ends. */
export const DAILY_PAUSE_MS = 600_000;
const DAY_MS = 86_400_000;

export interface Budget {
  /** When each slot is free again, by the id of its call. */
  readonly slots: ReadonlyMap<string, number>;
  readonly limits: BudgetLimits;
  /** Never goes back, whichever isolate's clock says so. */
  readonly clockMs: number;
  readonly blockedUntilMs: number;
  readonly dailyUsed: number;
  readonly dayEndsAtMs: number;
  readonly wanted: number;
  readonly wantedUntilMs: number;
}

export type Grant =
  | { readonly granted: true }
  /** `burst` passes within an interval; `blocked` and `daily` do not pass by waiting a little. */
  | { readonly granted: false; readonly waitMs: number; readonly reason: 'burst' | 'blocked' | 'daily' };

export interface Ask {
  readonly id: string;
  readonly share: Share;
  readonly nowMs: number;
  /** How long the call may take: its slot is held so long when nobody says how it ended. */
  readonly holdMs: number;
  /** How many of its share wait in the same isolate, with this one. */
  readonly waiting: number;
}

/** What is known after a call. `isLimited`: it was answered 429. */
export interface Settlement {
  readonly id: string;
  readonly nowMs: number;
  readonly rate: RateHeaders | null;
  readonly isLimited: boolean;
}

export function createBudget(limits: BudgetLimits): Budget {
  return {
    slots: new Map(),
    limits,
    clockMs: 0,
    blockedUntilMs: 0,
    dailyUsed: 0,
    dayEndsAtMs: 0,
    wanted: 0,
    wantedUntilMs: 0,
  };
}

/** Takes a slot, or says when to ask again. */
export function takeSlot(budget: Budget, ask: Ask): { readonly budget: Budget; readonly grant: Grant } {
  const now = Math.max(ask.nowMs, budget.clockMs);
  const next = startDay({ ...budget, clockMs: now, slots: dropFree(budget.slots, now) }, now);
  if (next.blockedUntilMs > now) return refuse(next, { waitMs: next.blockedUntilMs - now, reason: 'blocked' });
  if (next.dailyUsed >= next.limits.daily) return refuse(next, { waitMs: next.dayEndsAtMs - now, reason: 'daily' });
  const room = findRoom(next, { share: ask.share, now });
  if (next.slots.size < room) {
    const slots = new Map(next.slots).set(ask.id, now + ask.holdMs + next.limits.intervalMs + GUARD_MS);
    const wanted = ask.share === 'interactive' ? ask.waiting - 1 : next.wanted;
    return { budget: { ...next, slots, wanted, dailyUsed: next.dailyUsed + 1 }, grant: { granted: true } };
  }
  const waiting = ask.share === 'interactive' ? { wanted: ask.waiting, wantedUntilMs: now + WANTED_MS } : {};
  const waitMs = measureWait(next, { room, now });
  return refuse({ ...next, ...waiting }, { waitMs, reason: 'burst' });
}

function refuse(
  budget: Budget,
  { waitMs, reason }: { waitMs: number; reason: 'burst' | 'blocked' | 'daily' },
): { budget: Budget; grant: Grant } {
  return { budget, grant: { granted: false, waitMs, reason } };
}

function dropFree(slots: Budget['slots'], now: number): Budget['slots'] {
  return new Map([...slots].filter(([, freeAtMs]) => freeAtMs > now));
}

function startDay(budget: Budget, now: number): Budget {
  if (now < budget.dayEndsAtMs) return budget;
  return { ...budget, dailyUsed: 0, dayEndsAtMs: (Math.floor(now / DAY_MS) + 1) * DAY_MS };
}

function findRoom(budget: Budget, { share, now }: { share: Share; now: number }): number {
  if (share === 'interactive') return budget.limits.max;
  const wanted = budget.wantedUntilMs > now ? budget.wanted : 0;
  return Math.max(1, Math.floor((budget.limits.max * BULK_PERCENT) / 100) - wanted);
}

/** Until as many slots are free as are held beyond the room, and one more. */
function measureWait(budget: Budget, { room, now }: { room: number; now: number }): number {
  const freeAt = [...budget.slots.values()].sort((a, b) => a - b)[budget.slots.size - room] ?? now;
  return Math.max(1, Math.min(freeAt - now, budget.limits.intervalMs + GUARD_MS));
}

/** Keeps a slot to the end of its interval, and corrects the count by what HighLevel says it counted. */
export function settleSlot(budget: Budget, settlement: Settlement): Budget {
  const now = Math.max(settlement.nowMs, budget.clockMs);
  const limits = learnLimits(budget.limits, settlement.rate);
  const freeAtMs = now + limits.intervalMs + GUARD_MS;
  const slots = new Map(dropFree(budget.slots, now)).set(settlement.id, freeAtMs);
  const counted = settlement.rate ? settlement.rate.max - settlement.rate.remaining : 0;
  // Somebody else spends the same budget: their calls get slots too.
  for (let other = slots.size; other < counted; other++) slots.set(`${settlement.id}:${other}`, freeAtMs);
  const dailyRemaining = settlement.rate?.dailyRemaining ?? null;
  const pauseMs = dailyRemaining === 0 ? DAILY_PAUSE_MS : settlement.isLimited ? limits.intervalMs : 0;
  return {
    ...budget,
    slots,
    limits,
    clockMs: now,
    blockedUntilMs: Math.max(budget.blockedUntilMs, pauseMs === 0 ? 0 : now + pauseMs),
    dailyUsed: dailyRemaining === null ? budget.dailyUsed : Math.max(0, limits.daily - dailyRemaining),
  };
}

function learnLimits(limits: BudgetLimits, rate: RateHeaders | null): BudgetLimits {
  if (!rate) return limits;
  return { max: rate.max, intervalMs: rate.intervalMs, daily: rate.dailyLimit ?? limits.daily };
}
