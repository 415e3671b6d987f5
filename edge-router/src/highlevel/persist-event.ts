import * as z from 'zod';
import { isUnavailable } from '../../../db/database.ts';
import { acceptSourceEvent } from '../../../db/queries/accept-source-event.ts';
import { acceptWebhook } from '../../../db/queries/accept-webhook.ts';
import type { AppDeps } from '../deps.ts';
import { persistLater } from '../jobs/persist-later.ts';
import { hashText } from '../http/hash.ts';

const text = z.string().nullable();

const webhookSchema = z.object({
  webhook: z.object({
    id: z.string().min(1),
    type: z.string().min(1),
    ghlLocationId: text,
    resourceId: text,
    anywhere: z.boolean(),
    reason: z.null(),
    payload: z.unknown(),
    settling: z
      .object({ contactId: text, opportunityId: text, whenKnown: text, whenUnknown: text, isRouted: z.boolean() })
      .nullable()
      .default(null),
  }),
  postponed: z.int().default(1),
});

const sourceEventSchema = z.object({
  sourceEvent: z.object({
    id: z.string().min(1),
    type: z.enum(['form', 'workflow']),
    source: z.string().min(1),
    ghlLocationId: text,
    resourceId: text,
    reason: text,
    forHours: z.number().nullable(),
    payload: z.unknown(),
  }),
  postponed: z.int().default(1),
});

/** The job `persist-event`: stores a webhook that came while Postgres was away. Where it still is, it waits in another message. */
export async function persistEvent(
  deps: Pick<AppDeps, 'database' | 'qstash' | 'config'>,
  body: unknown,
): Promise<'done' | 'refused'> {
  const webhook = webhookSchema.safeParse(body);
  if (webhook.success) {
    const kept = webhook.data.webhook;
    return storeOrWait(deps, webhook.data, { id: kept.id, store: () => acceptWebhook(deps.database, kept) });
  }
  const event = sourceEventSchema.safeParse(body);
  if (!event.success) return 'refused';
  const kept = event.data.sourceEvent;
  return storeOrWait(deps, event.data, { id: kept.id, store: () => acceptSourceEvent(deps.database, kept) });
}

async function storeOrWait(
  deps: Pick<AppDeps, 'qstash' | 'config'>,
  message: Readonly<Record<string, unknown>> & { readonly postponed: number },
  { id, store }: { readonly id: string; readonly store: () => Promise<unknown> },
): Promise<'done'> {
  try {
    await store();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    await persistLater(deps, { job: 'persist-event', id: hashText(id), body: message, postponed: message.postponed });
  }
  return 'done';
}
