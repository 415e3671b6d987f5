import * as z from 'zod';
import { isUnavailable } from '../../../db/database.ts';
import { acceptWebhook } from '../../../db/queries/accept-webhook.ts';
import type { AppDeps } from '../deps.ts';
import { persistLater } from '../jobs/persist-later.ts';
import { hashText } from '../http/hash.ts';

const text = z.string().nullable();

const messageSchema = z.object({
  webhook: z.object({
    id: z.string().min(1),
    type: z.string().min(1),
    ghlLocationId: text,
    resourceId: text,
    anywhere: z.boolean(),
    reason: z.null(),
    payload: z.unknown(),
  }),
  postponed: z.int().default(1),
});

/** The job `persist-event`: stores a webhook that came while Postgres was away. Where it still is, it waits in another message. */
export async function persistEvent(
  deps: Pick<AppDeps, 'database' | 'qstash' | 'config'>,
  body: unknown,
): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { webhook, postponed } = message.data;
  try {
    await acceptWebhook(deps.database, webhook);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    await persistLater(deps, { job: 'persist-event', id: hashText(webhook.id), body: { webhook }, postponed });
  }
  return 'done';
}
