import type * as z from 'zod';
import type { Token } from '../auth/tokens.ts';

/** As the OpenAPI documents name them; their `bearer` is `Location-Access`. `-Only` refuses private integration tokens. */
export type SecurityScheme = 'Agency-Access' | 'Agency-Access-Only' | 'Location-Access' | 'Location-Access-Only';

export type Answer = { readonly status: number; readonly json: Readonly<Record<string, unknown>> };

/** A request that has passed every check of its route; nothing of node:http reaches the modules. */
export type Call<Body = unknown, Query = Readonly<Record<string, string>>> = {
  /** The route's `:name` parts, decoded; asking for one that the path lacks is a bug and throws. */
  readonly param: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
  readonly token: Token;
  /** The sub-account asked about, to which the token has access; empty where the route is not about one. */
  readonly locationId: string;
  readonly nowMs: number;
  /** A search knows only what was created before this: earlier than now while a lag is in force. */
  readonly visibleUntilMs: number;
};

/** One call of HighLevel's API: what its document demands, and what it does. */
type Definition<Body, Query> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As in the OpenAPI document, with `:name` for `{name}`. */
  readonly path: string;
  /** The module's `Version` header; null where none is asked for. */
  readonly version: '2021-07-28' | '2021-04-15' | null;
  /** Any of these schemes will do; none: the route needs no token. */
  readonly security: readonly SecurityScheme[];
  readonly scope?: string;
  /** Use z.strictObject: a field it does not name is refused with 422. */
  readonly body?: z.ZodType<Body>;
  readonly bodyKind?: 'json' | 'form';
  readonly query?: z.ZodType<Query>;
  /** Runs inside the request's transaction and must not wait for anything. */
  readonly handle: (call: Call<Body, Query>) => Answer;
};

export type Route = Omit<Definition<unknown, unknown>, 'handle'> & { readonly handle: (call: Call) => Answer };

/** Lets `handle` see the body and the query as their schemas describe them. */
export function defineRoute<Body = unknown, Query = Readonly<Record<string, string>>>(
  definition: Definition<Body, Query>,
): Route {
  return definition as unknown as Route;
}

export function routeName({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}
