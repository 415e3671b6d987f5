// How the API shows messages: https://upstash.com/docs/qstash/api-reference. Redacted fields are shown as hashes,
// empty bodies are left out, bodies that are no UTF-8 come as base64.

import { isUtf8 } from 'node:buffer';
import type { Filterable } from './filters.ts';
import type { DeliveryResponse, Message } from './message.ts';
import type { MessageSpec } from './publish-headers.ts';
import { redactBody, redactHeaders } from './redaction.ts';

/** The answer of `GET /v2/messages/{id}`. */
export function describeMessage(message: Message) {
  return {
    messageId: message.id,
    ...describeAddress(message),
    ...describeContent(message.spec, message.body),
    ...describeOptions(message.spec),
    maxRetries: message.spec.retries,
    notBefore: message.notBeforeMs,
    createdAt: message.createdAtMs,
    ...describeCaller(message.callerIp),
  };
}

/** A dead letter: the message and the last answer it got. */
export function describeDeadLetter(dlqId: string, message: Message, response: DeliveryResponse) {
  const { body: responseBody, bodyBase64: responseBodyBase64 } = describeBody(response.body);
  return {
    ...describeMessage(message),
    dlqId,
    responseStatus: response.status,
    responseHeader: response.headers,
    responseBody,
    responseBodyBase64,
  };
}

export function describeContent(spec: MessageSpec, body: Buffer) {
  return {
    method: spec.method,
    header: redactHeaders(spec.header, spec.redaction),
    ...describeBody(redactBody(body, spec.redaction)),
  };
}

export function describeOptions(spec: MessageSpec) {
  const limits = spec.flowControl?.limits;
  return {
    callback: spec.callback?.url,
    failureCallback: spec.failureCallback?.url,
    retryDelayExpression: spec.retryDelay?.source,
    timeout: spec.timeoutMs,
    label: spec.labels[0],
    labels: spec.labels.length > 0 ? spec.labels : undefined,
    flowControlKey: spec.flowControl?.key,
    parallelism: limits?.parallelism,
    rate: limits?.rate,
    period: limits?.rate === undefined ? undefined : limits.periodSeconds,
  };
}

export function describeAddress(message: Message) {
  const { url, topicName, endpointName, queueName, scheduleId } = message;
  return { url, topicName, endpointName, queueName, scheduleId };
}

/** QStash's documents write `callerIP`, its OpenAPI file and its SDK `callerIp`. */
export function describeCaller(callerIp: string) {
  return { callerIP: callerIp, callerIp };
}

export function toFilterable(message: Message): Filterable {
  const { id, url, topicName, queueName, scheduleId, callerIp, createdAtMs, spec } = message;
  return {
    messageId: id,
    url,
    topicName,
    queueName,
    scheduleId,
    callerIp,
    flowControlKey: spec.flowControl?.key,
    labels: spec.labels,
    timeMs: createdAtMs,
  };
}

function describeBody(body: Buffer): { body: string | undefined; bodyBase64: string | undefined } {
  const text = body.length > 0 && isUtf8(body) ? body.toString('utf8') : undefined;
  const base64 = body.length > 0 && text === undefined ? body.toString('base64') : undefined;
  return { body: text, bodyBase64: base64 };
}
