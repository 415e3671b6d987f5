import * as z from 'zod';
import type { Database } from '../database.ts';

export interface IncomingWebhook {
  /** HighLevel's id of it: the same again is a duplicate. */
  readonly id: string;
  readonly type: string;
  readonly ghlLocationId: string | null;
  /** Of the contact, opportunity… that it tells of. */
  readonly resourceId: string | null;
  /** It need not come from a sub-account that is ours. */
  readonly anywhere: boolean;
  /** Why it is ignored; null where it is not. */
  readonly reason: string | null;
  readonly payload: unknown;
  /** What it is taken for at once; null where it has to be handled. */
  readonly settling: WebhookSettling | null;
}

export interface WebhookSettling {
  readonly contactId: string | null;
  readonly opportunityId: string | null;
  /** What it is taken for where a lead was delivered as this contact or opportunity. Null: it has to be handled. */
  readonly whenKnown: string | null;
  /** Likewise where none was. While a lead is on its way into this sub-account whose contact is not known yet, only if it is the same. */
  readonly whenUnknown: string | null;
  /** It has to be handled in the brand's own sub-account. */
  readonly isRouted: boolean;
}

/**
 * Stores a webhook once: as settled, or with its outbox row, or only that it was ignored.
 * @returns `settled`, `accepted` (it has to be handled), `duplicate`, or why it is ignored
 */
export async function acceptWebhook(database: Database, webhook: IncomingWebhook): Promise<string> {
  const statement = 'select to_jsonb(accept_webhook($1::jsonb))';
  return z.string().parse(await database.askJson(statement, JSON.stringify(webhook)));
}
