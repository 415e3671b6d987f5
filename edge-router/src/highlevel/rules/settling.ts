import { readMeaning, type WebhookPayload } from './webhook-event.ts';

/**
 * What a webhook is taken for at once, in the statement that stores it: most tell of nothing that anybody has to do. Null: it is handled
 * later, with all that is known then.
 */
export interface Settling {
  /** By these it is known which lead's delivery it tells of. */
  readonly contactId: string | null;
  readonly opportunityId: string | null;
  readonly whenKnown: string | null;
  /** Where there is no such delivery. While one in this sub-account has a contact that is not known yet, only if it is the same. */
  readonly whenUnknown: string | null;
  /** It is not settled in the brand's own sub-account, whose contacts are routed. */
  readonly isRouted: boolean;
}

/** @param settleLead what those of the life of a lead are taken for */
export function settleWebhook(payload: WebhookPayload, settleLead: (payload: unknown) => Settling): Settling | null {
  const { kind } = readMeaning(payload);
  switch (kind) {
    case 'kept':
      return settleLead(payload);
    case 'probe':
    case 'company_installed':
      return { contactId: null, opportunityId: null, whenKnown: kind, whenUnknown: kind, isRouted: false };
    case 'installation':
    case 'company_uninstalled':
      return null;
  }
}
