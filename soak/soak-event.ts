import type { SignedWebhook } from './webhook.ts';

/** What a genuine webhook tells, and what has to come of it. */
export type Meaning =
  /** Somebody became a contact of the master sub-account: a lead, once. */
  | { readonly kind: 'person'; readonly contactId: string; readonly email: string }
  /** A contact of the master sub-account changed: no second lead. */
  | { readonly kind: 'update'; readonly contactId: string }
  /** Our own delivery, told back to us: acknowledged, and nothing kept. */
  | { readonly kind: 'echo'; readonly contactId: string }
  /** A location went on with its lead: that stage. */
  | { readonly kind: 'stage'; readonly leadId: string; readonly stage: 'contacted' | 'won' };

export interface SoakEvent {
  readonly webhook: SignedWebhook;
  readonly meaning: Meaning;
}
