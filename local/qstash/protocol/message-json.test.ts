import { describe, expect, it } from 'vitest';
import { buildCallbackBody } from './callback-body.ts';
import { describeEvent } from './event-json.ts';
import { describeDeadLetter, describeMessage } from './message-json.ts';
import type { DeliveryResponse, Message } from './message.ts';
import { parsePublishHeaders } from './publish-headers.ts';

function createMessage(publishHeaders: Record<string, string>, body: Buffer | string): Message {
  const spec = parsePublishHeaders(publishHeaders);
  if (!spec.ok) throw new Error(spec.error);
  return {
    id: 'msg_1',
    url: 'https://example.com/hook',
    publishHeaders,
    spec: spec.value,
    body: Buffer.from(body),
    createdAtMs: 1_000,
    notBeforeMs: 2_000,
    retried: 1,
    callerIp: '127.0.0.1',
    topicName: undefined,
    endpointName: undefined,
    scheduleId: undefined,
    queueName: 'line',
    heldSlot: undefined,
  };
}

const answer: DeliveryResponse = {
  status: 503,
  headers: { 'Retry-After': ['5'] },
  body: Buffer.from('busy'),
  error: undefined,
};

const toJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the JSON of a message', () => {
  it('has what QStash shows and nothing that is absent', () => {
    const message = createMessage(
      {
        'content-type': 'application/json',
        'upstash-label': 'a,b',
        'upstash-flow-control-key': 'k',
        'upstash-flow-control-value': 'rate=5,period=1d',
        'upstash-retry-delay': '1000',
      },
      '{"a":1}',
    );
    expect(toJson(describeMessage(message))).toEqual({
      messageId: 'msg_1',
      url: 'https://example.com/hook',
      method: 'POST',
      header: { 'Content-Type': ['application/json'] },
      body: '{"a":1}',
      maxRetries: 3,
      retryDelayExpression: '1000',
      notBefore: 2_000,
      createdAt: 1_000,
      queueName: 'line',
      label: 'a',
      labels: ['a', 'b'],
      flowControlKey: 'k',
      rate: 5,
      period: 86_400,
      callerIP: '127.0.0.1',
      callerIp: '127.0.0.1',
    });
  });

  it('leaves an empty body out and writes bytes that are no UTF-8 as base64', () => {
    expect(toJson(describeMessage(createMessage({}, '')))).not.toHaveProperty('body');
    const binary = toJson(describeMessage(createMessage({}, Buffer.from([0xff, 0xfe]))));
    expect(binary).toMatchObject({ bodyBase64: '//4=' });
    expect(binary).not.toHaveProperty('body');
  });

  it('hides redacted fields in messages, dead letters and events', () => {
    const headers = { 'upstash-redact-fields': 'body,header', 'upstash-forward-authorization': 'Bearer secret' };
    const message = createMessage(headers, 'secret');
    const shown = [
      describeMessage(message),
      describeDeadLetter('1-0', message, answer),
      describeEvent({ timeMs: 1, state: 'CREATED', detail: {}, message }),
    ];
    for (const json of shown) {
      expect(JSON.stringify(json)).not.toContain('secret');
      expect(JSON.stringify(json)).not.toContain(Buffer.from('secret').toString('base64'));
    }
  });

  it('carries the last answer in a dead letter', () => {
    expect(toJson(describeDeadLetter('1-0', createMessage({}, 'x'), answer))).toMatchObject({
      dlqId: '1-0',
      messageId: 'msg_1',
      responseStatus: 503,
      responseHeader: { 'Retry-After': ['5'] },
      responseBody: 'busy',
    });
  });
});

describe('the body of a callback', () => {
  it('holds the answer and its source, times as text', () => {
    const message = createMessage({ 'content-type': 'text/plain' }, 'ping');
    const body: unknown = JSON.parse(buildCallbackBody({ message, response: answer, dlqId: undefined }).toString());
    expect(body).toEqual({
      status: 503,
      header: { 'Retry-After': ['5'] },
      body: Buffer.from('busy').toString('base64'),
      retried: 1,
      maxRetries: 3,
      sourceMessageId: 'msg_1',
      url: 'https://example.com/hook',
      method: 'POST',
      sourceHeader: { 'Content-Type': ['text/plain'] },
      sourceBody: Buffer.from('ping').toString('base64'),
      notBefore: '2000',
      createdAt: '1000',
      callerIP: '127.0.0.1',
    });
  });
});
