import type { AppDeps } from '../deps.ts';
import type { Event } from './rules/event.ts';
import { makeSecret, signEvent } from './rules/signature.ts';

type SendDeps = Pick<AppDeps, 'config' | 'qstash' | 'nowMs'>;

export interface Delivery {
  readonly targetUrl: string;
  readonly event: Event;
  /** Told to QStash: the same again within ten minutes is dropped there. */
  readonly deduplicationId: string;
}

/** QStash's own limit for one call is higher; a body of this many stays well under a megabyte. */
const MESSAGES_PER_CALL = 100;
const RETRIES = 5;
/** 5, 10, 20, 40 and 80 s: an execution that is not stored yet, an n8n that starts anew. */
const RETRY_DELAY = '5000 * pow(2, retried)';

/** Hands signed events to QStash, which sends them and tries again; what it gives up comes back to `undelivered-event`. */
export async function sendEvents(deps: SendDeps, deliveries: readonly Delivery[]): Promise<void> {
  const { publicUrl, eventSigningKey } = deps.config;
  const timestampSeconds = Math.floor(deps.nowMs() / 1000);
  const messages = deliveries.map(({ targetUrl, event, deduplicationId }) => {
    const body = JSON.stringify(event);
    const secret = makeSecret(eventSigningKey, event.subscriptionId);
    return {
      url: targetUrl,
      method: 'POST' as const,
      headers: { 'content-type': 'application/json', ...signEvent(secret, { id: event.id, timestampSeconds, body }) },
      body,
      deduplicationId,
      retries: RETRIES,
      retryDelay: RETRY_DELAY,
      failureCallback: `${publicUrl}/v1/jobs/undelivered-event`,
    };
  });
  for (let sent = 0; sent < messages.length; sent += MESSAGES_PER_CALL) {
    await deps.qstash.batch(messages.slice(sent, sent + MESSAGES_PER_CALL));
  }
}
