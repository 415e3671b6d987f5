import { neon, neonConfig, NeonDbError } from '@neondatabase/serverless';
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http';
import * as z from 'zod';
import { createTimedFetch, type TimedFetchOptions } from './timed-fetch.ts';

/** neon-http has no interactive transactions: atomic is one statement, one SQL function, or `batch`. */
export type Database = Omit<NeonHttpDatabase, 'transaction'> & {
  /**
   * Runs a statement whose one parameter (`$1`) and whose one value in one row are JSON, and parses that. Without the
   * driver's and the query builder's layers, which cost a third of such a call. Throws DatabaseError.
   */
  readonly askJson: (statement: string, json: string) => Promise<unknown>;
};

export interface DatabaseOptions {
  /** postgresql://user:password@host/database */
  readonly url: string;
  /** Of a local stand-in for Neon's endpoint; null derives Neon's own from the URL. */
  readonly fetchEndpoint?: string | null;
  readonly timeoutMs: number;
  /** Who is told of statements that take long. */
  readonly slow?: TimedFetchOptions['slow'];
}

/** A database over HTTP: one round trip per statement or batch, each cut off after `timeoutMs`. */
export function createDatabase({ url, fetchEndpoint, timeoutMs, slow = null }: DatabaseOptions): Database {
  const endpoint = fetchEndpoint ?? findEndpoint(url);
  const timedFetch = createTimedFetch({ timeoutMs, slow });
  const send: Send = (init) => timedFetch(endpoint, init);
  neonConfig.fetchFunction = fetchAs;
  return Object.assign(drizzle({ client: neon(url, { fetchOptions: { send } }) }), {
    askJson: createJsonAsker(url, send),
  });
}

type Send = (init: RequestInit & { readonly body: string }) => Promise<Response>;

/** The driver's endpoint and fetch are those of the whole isolate; what a client brings in its fetch options is its own. */
function fetchAs(url: string, { send, ...init }: Parameters<Send>[0] & { readonly send?: Send }): Promise<Response> {
  return send ? send(init) : fetch(url, init);
}

const sqlAnswerSchema = z.object({ rows: z.tuple([z.tuple([z.string()])]) });
const sqlErrorSchema = z.object({ code: z.string().nullish(), constraint: z.string().nullish() });

/** Neon's SQL over HTTP as its driver speaks it: github.com/neondatabase/serverless, src/httpQuery.ts. */
function createJsonAsker(url: string, send: Send): Database['askJson'] {
  const headers = { 'neon-connection-string': url, 'neon-raw-text-output': 'true', 'neon-array-mode': 'true' };
  return async (query, json) => {
    const body = JSON.stringify({ query, params: [json] });
    const response = await send({ method: 'POST', headers, body }).catch(() => null);
    const text = await response?.text().catch(() => null);
    if (!response?.ok || typeof text !== 'string') throw toAnsweredError(text ?? '');
    return JSON.parse(sqlAnswerSchema.parse(JSON.parse(text)).rows[0][0]);
  };
}

function findEndpoint(url: string): string {
  const { hostname, port } = new URL(url);
  const { fetchEndpoint } = neonConfig;
  return typeof fetchEndpoint === 'string' ? fetchEndpoint : fetchEndpoint(hostname, port);
}

/** Only a refusal by Postgres is JSON with a code. */
function toAnsweredError(text: string): DatabaseError {
  const parsed = sqlErrorSchema.safeParse(parseJsonOrNull(text));
  return new DatabaseError({ code: parsed.data?.code ?? null, constraint: parsed.data?.constraint ?? null });
}

function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * A failed statement, stripped of its message: Postgres and Drizzle quote values in theirs, and values are people's
 * data. `code` is the SQLSTATE, null when no answer came at all.
 */
class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: string | null;
  readonly constraint: string | null;

  constructor({ code, constraint }: { code: string | null; constraint: string | null }) {
    super(code ? `Postgres answered ${code}${constraint ? ` (${constraint})` : ''}` : 'Postgres could not be reached');
    this.code = code;
    this.constraint = constraint;
  }
}

/** Runs one statement or batch; whatever it throws becomes a DatabaseError. Every query of db/queries goes through it. */
export async function runQuery<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

function toDatabaseError(error: unknown): DatabaseError {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof NeonDbError && cause.code) {
      return new DatabaseError({ code: cause.code, constraint: cause.constraint ?? null });
    }
  }
  return new DatabaseError({ code: null, constraint: null });
}

/** SQLSTATE classes that say "not now": connection, resources, operator intervention, system. */
const UNAVAILABLE = /^(08|53|57|58)/;

/** Whether an error says that Postgres cannot be reached or cannot work now, as opposed to having refused. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === null || UNAVAILABLE.test(error.code));
}

/** Whether a transaction lost against another one and may simply be run again (deadlock, serialisation). */
export function isTransient(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '40P01' || error.code === '40001');
}

const NULL_CHARACTER = new Set(['22021', '22P05']);

/** Whether a value held a null character, which no text in Postgres may, as it is or in JSON. */
export function isNoText(error: unknown): boolean {
  return error instanceof DatabaseError && NULL_CHARACTER.has(error.code ?? '');
}

/** Whether a statement was refused by the constraint of this name. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof DatabaseError && error.constraint === constraint;
}
