/** Values by canonical name (`Retry-After`), as `canonicalHeaderName` writes them. */
export type HeaderLists = Readonly<Record<string, readonly string[]>>;

/** `x-ratelimit-reset` as Go's net/http writes it, and with it QStash: `X-Ratelimit-Reset`. */
export function canonicalHeaderName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Node's flat list of received names and values, grouped under canonical names. */
export function groupRawHeaders(rawHeaders: readonly string[]): HeaderLists {
  const grouped: Record<string, string[]> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = canonicalHeaderName(rawHeaders[index] ?? '');
    (grouped[name] ??= []).push(rawHeaders[index + 1] ?? '');
  }
  return grouped;
}
