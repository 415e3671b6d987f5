import type { PublishHeaders } from './publish-headers.ts';

/** These belong to one connection, or to the caller's own secret, and are never forwarded. */
const NEVER_FORWARDED = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** `Upstash-Forward-Authorization` is the documented way to forward one; the rest would break the delivery. */
const UNFORWARDABLE = new Set([...NEVER_FORWARDED].filter((name) => name !== 'authorization'));

type Received = {
  readonly headers: Iterable<readonly [string, string]>;
  readonly query: Iterable<readonly [string, string]>;
};

/** What of a request's headers and query makes its message; a query parameter wins over the header of its name. */
export function collectPublishHeaders({ headers, query }: Received): PublishHeaders {
  const given = [...headers].map(([name, value]) => [name.toLowerCase(), value] as const);
  const options = [...query]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name.startsWith('upstash-'));
  const all = new Map([...given, ...options]);
  const collected: Record<string, string> = {};
  for (const [name, value] of all) {
    const kept = chooseName(name, all.get('upstash-header-forward') === 'true');
    if (kept !== undefined && (kept === name || !all.has(kept))) collected[kept] = value;
  }
  return collected;
}

function chooseName(name: string, forwardsAll: boolean): string | undefined {
  if (name === 'content-type') return name;
  if (name.startsWith('upstash-forward-')) return UNFORWARDABLE.has(name.slice(16)) ? undefined : name;
  if (name.startsWith('upstash-')) return name.startsWith('upstash-telemetry-') ? undefined : name;
  return forwardsAll && !NEVER_FORWARDED.has(name) ? `upstash-forward-${name}` : undefined;
}
