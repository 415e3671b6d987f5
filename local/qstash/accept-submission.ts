// From "deliver this there" to stored messages: publish, enqueue, batch items, runs of a schedule, callbacks and
// retried dead letters all come through here. Runs inside a write of the store; sends nothing.

import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../../edge-router/src/rules/result.ts';
import { dueAfterMs, type Clock } from './clock.ts';
import { createId, isName } from './protocol/identifiers.ts';
import type { Message, MessageOrigin } from './protocol/message.ts';
import {
  findUrlProblem,
  parsePublishHeaders,
  type MessageSpec,
  type PublishHeaders,
} from './protocol/publish-headers.ts';
import { createFlowKey } from './store/flow-keys-table.ts';
import type { PendingMessage } from './store/messages-table.ts';
import type { Store } from './store/store.ts';

const DEDUPLICATION_WINDOW_MS = 600_000;

export type Submission = {
  /** An address, or the name of a URL group. */
  readonly destination: string;
  readonly publishHeaders: PublishHeaders;
  readonly body: Buffer;
  readonly origin: Partial<MessageOrigin> & Pick<MessageOrigin, 'callerIp'>;
};

export type Problem = { readonly status: 400 | 404 | 412; readonly error: string };

type Accepted = {
  readonly messageId: string;
  readonly url: string;
  readonly deduplicated: boolean;
  /** Absent for a duplicate. */
  readonly pending: PendingMessage | undefined;
};

export type Acceptance = {
  /** To a URL group: one message for each of its endpoints. */
  readonly isGroup: boolean;
  readonly accepted: readonly Accepted[];
};

type Target = { readonly url: string; readonly endpointName: string | undefined };

type Route = {
  readonly targets: readonly Target[];
  readonly topicName: string | undefined;
  readonly defaults: PublishHeaders;
};

/** Stores a message for each target, except for what was accepted before under the same deduplication key. */
export function acceptSubmission(store: Store, clock: Clock, submission: Submission): Result<Acceptance, Problem> {
  const route = findRoute(store, submission.destination);
  if (!route.ok) return route;
  const publishHeaders = { ...route.value.defaults, ...submission.publishHeaders };
  const spec = parsePublishHeaders(publishHeaders);
  if (!spec.ok) return err({ status: 400, error: spec.error });
  const queueName = submission.origin.queueName ?? spec.value.queueName;
  if (queueName !== undefined && !isName(queueName))
    return err({ status: 400, error: `invalid queue name: ${queueName}` });
  if (queueName !== undefined && store.queues.find(queueName) === undefined) {
    store.queues.upsert(queueName, {}, clock.nowMs());
  }
  applyFlowLimits(store, spec.value);
  const { targets, topicName } = route.value;
  const accepted = targets.map((target) => {
    const draft = createMessage(clock, { submission, publishHeaders, spec: spec.value, target, queueName, topicName });
    return acceptMessage(store, clock, draft);
  });
  return ok({ isGroup: topicName !== undefined, accepted });
}

/** Where it would go now; an error for what is no address and no known group. */
export function findRoute(store: Store, destination: string): Result<Route, Problem> {
  if (!isName(destination)) {
    const problem = findUrlProblem(destination);
    if (problem !== undefined) return err({ status: 400, error: `invalid destination url: ${problem}` });
    return ok({ targets: [{ url: destination, endpointName: undefined }], topicName: undefined, defaults: {} });
  }
  const group = store.urlGroups.find(destination);
  if (group === undefined) return err({ status: 404, error: `topic ${destination} not found` });
  const targets = group.endpoints.map(({ url, name }) => ({ url, endpointName: name }));
  return ok({ targets, topicName: group.name, defaults: group.headers });
}

type Draft = {
  readonly submission: Submission;
  readonly publishHeaders: PublishHeaders;
  readonly spec: MessageSpec;
  readonly target: Target;
  readonly queueName: string | undefined;
  readonly topicName: string | undefined;
};

function createMessage(clock: Clock, draft: Draft): Message {
  const { submission, publishHeaders, spec, target, queueName, topicName } = draft;
  const { origin, body } = submission;
  const nowMs = clock.nowMs();
  const delayMs = spec.notBeforeMs === undefined ? (spec.delayMs ?? 0) : Math.max(0, spec.notBeforeMs - nowMs);
  return {
    id: createId('msg_'),
    url: target.url,
    publishHeaders,
    spec,
    body,
    callerIp: origin.callerIp,
    topicName: topicName ?? origin.topicName,
    endpointName: target.endpointName ?? origin.endpointName,
    scheduleId: origin.scheduleId,
    queueName,
    heldSlot: origin.heldSlot,
    createdAtMs: nowMs,
    notBeforeMs: dueAfterMs(clock, delayMs),
    retried: 0,
  };
}

function acceptMessage(store: Store, clock: Clock, message: Message): Accepted {
  const { id, url, createdAtMs } = message;
  const key = readDeduplicationKey(message);
  const knownId = key === undefined ? undefined : store.deduplications.find(key, createdAtMs);
  if (knownId !== undefined) return { messageId: knownId, url, deduplicated: true, pending: undefined };
  if (key !== undefined) {
    const expiresAtMs = dueAfterMs(clock, DEDUPLICATION_WINDOW_MS);
    store.deduplications.put({ key, messageId: id, expiresAtMs });
  }
  const pending = store.messages.insert(message);
  store.events.insert(id, 'CREATED', createdAtMs);
  return { messageId: id, url, deduplicated: false, pending };
}

/** Every endpoint of a group gets its own message, so there the address is part of the key. */
function readDeduplicationKey({ spec, url, body, topicName }: Message): string | undefined {
  if (spec.deduplication === undefined) return undefined;
  if (spec.deduplication.kind === 'id') {
    return JSON.stringify(['id', spec.deduplication.id, topicName === undefined ? null : url]);
  }
  const headers = Object.entries(spec.header).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256')
    .update(JSON.stringify([topicName ?? null, url, headers]))
    .update(body);
  return JSON.stringify(['content', hash.digest('base64url')]);
}

/** The newest message says what its flow-control key allows, except for what is pinned. */
function applyFlowLimits(store: Store, { flowControl }: MessageSpec): void {
  if (flowControl === undefined) return;
  const { key, limits } = flowControl;
  const known = store.flowKeys.find(key);
  const flow = known ?? createFlowKey(key);
  const next = {
    parallelism: flow.pinnedParallelism ? flow.limits.parallelism : limits.parallelism,
    rate: flow.pinnedRate ? flow.limits.rate : limits.rate,
    periodSeconds: flow.pinnedRate ? flow.limits.periodSeconds : limits.periodSeconds,
  };
  const { parallelism, rate, periodSeconds } = flow.limits;
  const isSame = parallelism === next.parallelism && rate === next.rate && periodSeconds === next.periodSeconds;
  if (known === undefined || !isSame) store.flowKeys.put({ ...flow, limits: next });
}
