import * as z from 'zod';
import { recordUndeliveredEvent } from '../../../db/queries/record-undelivered-event.ts';
import type { AppDeps } from '../deps.ts';
import { parseJson } from '../http/body.ts';
import { fromBase64 } from '../rules/base64.ts';
import { eventSchema } from './rules/event.ts';

/** What QStash posts when it gives a message up (https://upstash.com/docs/qstash/features/callbacks). */
const failureSchema = z.object({ status: z.number(), sourceBody: z.string() });

/** Keeps an event that QStash gave up. @returns `refused` for what is none of ours */
export async function keepUndelivered(
  deps: Pick<AppDeps, 'database' | 'log'>,
  body: unknown,
): Promise<'done' | 'refused'> {
  const failure = failureSchema.safeParse(body);
  if (!failure.success) return 'refused';
  const event = eventSchema.safeParse(decode(failure.data.sourceBody));
  if (!event.success) return 'refused';
  const { id: eventId, subscriptionId, topic } = event.data;
  const lastStatus = failure.data.status;
  deps.log({ event: 'event_undelivered', eventId, subscriptionId, topic, lastStatus });
  await recordUndeliveredEvent(deps.database, { subscriptionId, eventId, topic, event: event.data, lastStatus });
  return 'done';
}

function decode(base64: string): unknown {
  try {
    const json = parseJson(new TextDecoder().decode(fromBase64(base64)));
    return json.ok ? json.value : null;
  } catch {
    return null;
  }
}
