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
}

/**
 * Stores a webhook once, with its outbox row, or only that it was ignored.
 * @returns `accepted`, `duplicate`, or why it is ignored
 */
export async function acceptWebhook(database: Database, webhook: IncomingWebhook): Promise<string> {
  const statement = 'select to_jsonb(accept_webhook($1::jsonb))';
  return z.string().parse(await database.askJson(statement, JSON.stringify(webhook)));
}
