// What follows from an attempt: delivered, to be retried, or dead; with it the log, the dead letter and the callbacks.
// Runs inside a write of the store. https://upstash.com/docs/qstash/features/retry, .../features/callbacks

import { acceptSubmission } from '../accept-submission.ts';
import { dueAfterMs, type Clock } from '../clock.ts';
import { buildCallbackBody } from '../protocol/callback-body.ts';
import { describeFailure } from '../protocol/event-json.ts';
import type { DeliveryResponse, Message } from '../protocol/message.ts';
import type { Callback } from '../protocol/publish-headers.ts';
import { computeRetryDelayMs } from '../protocol/retry-policy.ts';
import type { PendingMessage } from '../store/messages-table.ts';
import type { Store } from '../store/store.ts';

const NON_RETRYABLE_STATUS = 489;

export type Outcome =
  | { readonly kind: 'finished'; readonly callbacks: readonly PendingMessage[] }
  | { readonly kind: 'retry'; readonly dueAtMs: number; readonly callbacks: readonly PendingMessage[] }
  /** It was cancelled while it was under way. */
  | { readonly kind: 'gone' };

type Attempt = { readonly message: Message; readonly response: DeliveryResponse };

/** Writes down what came of an attempt. */
export function recordAttempt(store: Store, clock: Clock, attempt: Attempt): Outcome {
  const { message, response } = attempt;
  if (store.messages.readFinalState(message.id) !== 'IN_PROGRESS') return { kind: 'gone' };
  if (response.status >= 200 && response.status < 300) return recordDelivered(store, clock, attempt);
  store.events.insert(message.id, 'ERROR', clock.nowMs(), describeFailure(response));
  return isLastAttempt(attempt) ? recordFailed(store, clock, attempt) : recordRetry(store, clock, attempt);
}

/** Whether a failed attempt is not to be followed by another. */
function isLastAttempt({ message, response }: Attempt): boolean {
  const isRefused =
    response.status === NON_RETRYABLE_STATUS && response.headers['Upstash-Nonretryable-Error']?.[0] === 'true';
  return isRefused || message.retried >= message.spec.retries;
}

function recordDelivered(store: Store, clock: Clock, attempt: Attempt): Outcome {
  const { id } = attempt.message;
  store.messages.finish(id, 'DELIVERED', clock.nowMs());
  store.events.insert(id, 'DELIVERED', clock.nowMs());
  return { kind: 'finished', callbacks: insertCallbacks(store, clock, { ...attempt, dlqId: undefined }) };
}

function recordFailed(store: Store, clock: Clock, attempt: Attempt): Outcome {
  const { id } = attempt.message;
  store.messages.finish(id, 'FAILED', clock.nowMs());
  store.events.insert(id, 'FAILED', clock.nowMs());
  const dlqId = store.deadLetters.insert(id, attempt.response, clock.nowMs());
  return { kind: 'finished', callbacks: insertCallbacks(store, clock, { ...attempt, dlqId }) };
}

function recordRetry(store: Store, clock: Clock, attempt: Attempt): Outcome {
  const { message, response } = attempt;
  const { id, retried, spec } = message;
  const retryDelay = spec.retryDelay?.tree;
  const delayMs = computeRetryDelayMs({ retried, retryDelay, responseHeaders: response.headers, nowMs: clock.nowMs() });
  const dueAtMs = dueAfterMs(clock, delayMs);
  store.messages.postpone(id, dueAtMs);
  store.events.insert(id, 'RETRY', clock.nowMs(), { nextDeliveryTime: dueAtMs });
  return { kind: 'retry', dueAtMs, callbacks: insertCallbacks(store, clock, { ...attempt, dlqId: undefined }) };
}

type Finding = Attempt & { readonly dlqId: string | undefined };

/** The callback follows every attempt, the failure callback only the one that made a dead letter. */
function insertCallbacks(store: Store, clock: Clock, { dlqId, ...attempt }: Finding): PendingMessage[] {
  const { callback, failureCallback } = attempt.message.spec;
  const made = callback === undefined ? [] : insertCallback(store, clock, { ...attempt, callback, dlqId: undefined });
  if (failureCallback === undefined || dlqId === undefined) return made;
  return [...made, ...insertCallback(store, clock, { ...attempt, callback: failureCallback, dlqId })];
}

type CallbackCall = Finding & { readonly callback: Callback };

function insertCallback(store: Store, clock: Clock, { callback, ...finding }: CallbackCall): PendingMessage[] {
  const { id: holderId, queueName, callerIp } = finding.message;
  const acceptance = acceptSubmission(store, clock, {
    destination: callback.url,
    publishHeaders: callback.headers,
    body: buildCallbackBody(finding),
    origin: { callerIp, heldSlot: queueName === undefined ? undefined : { queueName, holderId } },
  });
  // Its headers and address were checked when the message was published.
  if (!acceptance.ok) throw new Error(`callback of ${holderId}: ${acceptance.error.error}`);
  return acceptance.value.accepted.flatMap(({ pending }) => pending ?? []);
}
