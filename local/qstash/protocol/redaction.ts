// `Upstash-Redact-Fields`: what the API shows as `REDACTED:<SHA256>`. Deliveries always carry the original.
// https://upstash.com/docs/qstash/howto/redact-fields

import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { canonicalHeaderName, type HeaderLists } from './header-names.ts';

export type Redaction = {
  readonly body: boolean;
  /** Every header, or these (canonical names). */
  readonly headers: 'all' | readonly string[];
};

export const NO_REDACTION: Redaction = { body: false, headers: [] };

/** Reads `body, header[Authorization]`; the documents write both `header` and `headers`. */
export function parseRedaction(text: string): Result<Redaction, string> {
  let body = false;
  let everyHeader = false;
  const names: string[] = [];
  for (const field of text.split(',').map((part) => part.trim())) {
    const name = /^headers?\[([^\]]+)\]$/.exec(field)?.[1];
    if (field === 'body') body = true;
    else if (field === 'header' || field === 'headers') everyHeader = true;
    else if (name !== undefined) names.push(canonicalHeaderName(name));
    else return err(`invalid redact field: ${field}`);
  }
  return ok({ body, headers: everyHeader ? 'all' : names });
}

export function redactBody(body: Buffer, redaction: Redaction): Buffer {
  return redaction.body && body.length > 0 ? Buffer.from(redacted(body)) : body;
}

export function redactHeaders(headers: HeaderLists, redaction: Redaction): HeaderLists {
  const hides = (name: string): boolean => redaction.headers === 'all' || redaction.headers.includes(name);
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, hides(name) ? values.map(redacted) : values]),
  );
}

function redacted(value: string | Buffer): string {
  return `REDACTED:${createHash('sha256').update(value).digest('hex')}`;
}
