import { isRespError } from './resp-parser.ts';
import type { RespValue } from './resp-parser.ts';

export type JsonAnswer = { result: JsonValue } | { error: string };
type JsonValue = null | number | string | JsonValue[];

/**
 * A reply as Upstash writes it. With base64 every string at any depth is encoded but for the status "OK", which the client knows as it
 * is; numbers, nulls and errors stay. Without it, bytes that are no UTF-8 become U+FFFD.
 */
export function toJsonAnswer(reply: RespValue, base64: boolean): JsonAnswer {
  return isRespError(reply) ? { error: reply.message } : { result: toJsonValue(reply, base64) };
}

function toJsonValue(reply: RespValue, base64: boolean): JsonValue {
  if (reply === null || typeof reply === 'number') return reply;
  if (Array.isArray(reply)) return reply.map((item) => toJsonValue(item, base64));
  if (Buffer.isBuffer(reply)) return reply.toString(base64 ? 'base64' : 'utf8');
  // An error inside an array: a transaction's are taken out before; a script's table may still hold one.
  if (reply.kind === 'error') return reply.message;
  return base64 && reply.text !== 'OK' ? Buffer.from(reply.text).toString('base64') : reply.text;
}
