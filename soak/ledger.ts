import type { ForgeryKind } from './forge.ts';
import type { SoakEvent } from './soak-event.ts';
import type { SignedWebhook } from './webhook.ts';

export interface SentForgery {
  readonly kind: ForgeryKind;
  readonly webhook: SignedWebhook;
  /** How it was answered in the end: `401`, `200 ignored wrong_app`…, or why it was not. */
  readonly answer: string;
}

/** What the sender knows, kept apart from all that the router keeps. */
export interface Ledger {
  /** Tried at least once. */
  readonly sent: SoakEvent[];
  readonly acknowledged: SoakEvent[];
  /** HighLevel would stop sending them. */
  readonly givenUp: SoakEvent[];
  readonly forgeries: SentForgery[];
  /** Attempts at genuine webhooks by status; `none` for no answer. */
  readonly attempts: Map<string, number>;
  /** Acknowledged webhooks that were sent once more, by how that was answered. */
  readonly repeats: Map<string, number>;
}

export function createLedger(): Ledger {
  return { sent: [], acknowledged: [], givenUp: [], forgeries: [], attempts: new Map(), repeats: new Map() };
}

export function countUp(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
