import type { Message } from '../protocol/message.ts';
import { signDelivery } from '../protocol/signature.ts';

const DEFAULT_TIMEOUT_MS = 900_000;

type Signing = { readonly signingKey: string; readonly nowMs: number };

/** One attempt at a message as the destination will see it. https://upstash.com/docs/qstash/howto/receiving */
export function buildRequest(message: Message, { signingKey, nowMs }: Signing) {
  const { spec, url, scheduleId, topicName } = message;
  // Common servers and fetch cannot read the body of a GET, so none is sent and none is signed.
  const body = spec.method === 'GET' ? Buffer.alloc(0) : message.body;
  const headers: Record<string, string> = { 'User-Agent': 'Upstash-QStash' };
  for (const [name, values] of Object.entries(spec.header)) headers[name] = values.join(', ');
  headers['Upstash-Message-Id'] = message.id;
  headers['Upstash-Retried'] = String(message.retried);
  headers['Upstash-Signature'] = signDelivery({ url, body, signingKey, nowMs });
  headers['Upstash-Caller-Ip'] = message.callerIp;
  headers['Upstash-Region'] = 'EU-CENTRAL-1';
  if (scheduleId !== undefined) headers['Upstash-Schedule-Id'] = scheduleId;
  if (topicName !== undefined) headers['Upstash-Topic-Name'] = topicName;
  return { url, method: spec.method, headers, body, timeoutMs: spec.timeoutMs ?? DEFAULT_TIMEOUT_MS };
}
