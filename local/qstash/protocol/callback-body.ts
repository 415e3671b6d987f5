import type { DeliveryResponse, Message } from './message.ts';

type Attempt = {
  readonly message: Message;
  readonly response: DeliveryResponse;
  /** Only for the failure callback. */
  readonly dlqId: string | undefined;
};

/** The JSON a callback delivers. https://upstash.com/docs/qstash/features/callbacks#how-do-i-use-callbacks */
export function buildCallbackBody({ message, response, dlqId }: Attempt): Buffer {
  const { topicName, endpointName, scheduleId, spec } = message;
  const json = {
    status: response.status,
    header: response.headers,
    body: response.body.toString('base64'),
    retried: message.retried,
    maxRetries: spec.retries,
    dlqId,
    sourceMessageId: message.id,
    topicName,
    endpointName,
    url: message.url,
    method: spec.method,
    sourceHeader: spec.header,
    sourceBody: message.body.toString('base64'),
    notBefore: String(message.notBeforeMs),
    createdAt: String(message.createdAtMs),
    scheduleId,
    callerIP: message.callerIp,
  };
  return Buffer.from(JSON.stringify(json));
}
