/** A request as the routes see it; nothing of node:http reaches them. */
export type ApiRequest = {
  readonly method: string;
  /** What the route's `:name` parts were, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** For a route that ends in `*`: all that follows, raw, with the part of the query that is not QStash's own. */
  readonly rest: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly callerIp: string;
};

/** `json` undefined is an empty answer. */
export type ApiResponse = { readonly status: number; readonly json?: unknown };

export type Route = {
  readonly methods: readonly string[];
  /** `/v2/messages/:id`, or `/v2/publish/*`. */
  readonly path: string;
  readonly handle: (request: ApiRequest) => ApiResponse | Promise<ApiResponse>;
};

type Match = { readonly route: Route; readonly params: Readonly<Record<string, string>>; readonly rest: string };

/** The first route that fits; `url` is the raw request target, since a destination must not be normalised. */
export function findRoute(routes: readonly Route[], method: string, url: string): Match | undefined {
  const [path, query] = splitOnce(url, '?');
  for (const route of routes) {
    const match = route.methods.includes(method) ? matchPath(route.path, path) : undefined;
    if (match !== undefined) return { route, params: match.params, rest: joinQuery(match.rest, query) };
  }
  return undefined;
}

function matchPath(pattern: string, path: string): { params: Record<string, string>; rest: string } | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  const hasRest = wanted.at(-1) === '*';
  if (hasRest ? given.length < wanted.length : given.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part === '*') return { params, rest: decodeWhole(given.slice(index).join('/')) };
    if (part.startsWith(':')) params[part.slice(1)] = decode(value);
    else if (part !== value) return undefined;
  }
  return { params, rest: '' };
}

/** A destination may come encoded as a whole; one that is written out stays as it is. */
function decodeWhole(destination: string): string {
  return /^https?%3A/i.test(destination) ? decode(destination) : destination;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function joinQuery(rest: string, query: string | undefined): string {
  const own = (query ?? '').split('&').filter((pair) => pair !== '' && !isQstashParameter(pair));
  return rest !== '' && own.length > 0 ? `${rest}?${own.join('&')}` : rest;
}

function isQstashParameter(pair: string): boolean {
  return /^(upstash-|qstash_token(=|$))/i.test(pair);
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
