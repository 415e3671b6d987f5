import type { BegunDelivery, DeliveryParts } from '../../../db/queries/delivery-row.ts';
import type { HighlevelCaller } from '../highlevel/caller.ts';
import type { LeadSettings } from '../rules/lead-settings.ts';
import type { Result } from '../rules/result.ts';
import type { DeliveryFailure } from './rules/judge-failure.ts';
import type { SubAccountFactsCache } from './sub-account-facts.ts';

interface Changes {
  readonly parts?: DeliveryParts;
  readonly contactId?: string | null;
  readonly opportunityId?: string | null;
}

/** A delivery in hand, with what is known of it so far. */
export interface DeliveryTask {
  readonly delivery: BegunDelivery;
  readonly settings: LeadSettings['delivery'];
  readonly caller: HighlevelCaller;
  readonly facts: SubAccountFactsCache;
  readonly nowMs: () => number;
  readonly parts: () => DeliveryParts;
  readonly contactId: () => string | null;
  readonly opportunityId: () => string | null;
  /** Writes down what was done, or is about to be sent. False: somebody else has it now, and nothing may follow. */
  readonly save: (changes: Changes) => Promise<boolean>;
}

/** `overtaken`: the lease was lost, or the lead went elsewhere. */
export type TaskOutcome = Result<void, DeliveryFailure | 'overtaken'>;
