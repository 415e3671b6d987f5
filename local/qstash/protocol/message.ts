import type { MessageSpec, PublishHeaders } from './publish-headers.ts';

/** Where a message comes from, beyond what its own headers say. */
export type MessageOrigin = {
  readonly callerIp: string;
  readonly topicName: string | undefined;
  readonly endpointName: string | undefined;
  readonly scheduleId: string | undefined;
  readonly queueName: string | undefined;
  /** For a callback to a queued message: the slot of the queue that stays taken until the callback is over. */
  readonly heldSlot: QueueSlot | undefined;
};

export type QueueSlot = { readonly queueName: string; readonly holderId: string };

export type Message = MessageOrigin & {
  readonly id: string;
  /** The destination exactly as published. */
  readonly url: string;
  readonly publishHeaders: PublishHeaders;
  readonly spec: MessageSpec;
  readonly body: Buffer;
  readonly createdAtMs: number;
  /** When the first delivery was due. */
  readonly notBeforeMs: number;
  /** Retries so far: 0 during the first delivery. */
  readonly retried: number;
};

/** What came of one attempt at the destination. */
export type DeliveryResponse = {
  /** 0 when there was no answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Buffer;
  /** Why there was no answer. */
  readonly error: string | undefined;
};
