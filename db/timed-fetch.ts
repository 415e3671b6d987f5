import * as z from 'zod';

const MAX_STATEMENT_LENGTH = 500;

/** A statement that took long, or a batch of them. Never its values: they are people's data. */
export interface SlowStatement {
  readonly durationMs: number;
  /** With `$1` for each value, on one line, cut off at 500 characters; of a batch its first. */
  readonly statement: string;
  readonly statementCount: number;
  /** Null where Postgres refused it, or no answer came in time. */
  readonly rowCount: number | null;
}

export interface TimedFetchOptions {
  readonly timeoutMs: number;
  /** Null: nobody is told. */
  readonly slow: { readonly overMs: number; readonly report: (slow: SlowStatement) => void } | null;
}

type SqlFetch = (url: string, init: RequestInit & { readonly body: string }) => Promise<Response>;

/** Sends SQL over HTTP, cut off after `timeoutMs`, and reports what took longer than `slow.overMs`. */
export function createTimedFetch({ timeoutMs, slow }: TimedFetchOptions): SqlFetch {
  const send: SqlFetch = (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  if (!slow) return send;
  return async (url, init) => {
    const startedMs = performance.now();
    const tell = (answer: string | null): void =>
      slow.report({ durationMs: Math.round(performance.now() - startedMs), ...describe(init.body, answer) });
    const isSlow = (): boolean => performance.now() - startedMs > slow.overMs;
    try {
      const response = await send(url, init);
      if (!isSlow()) return response;
      const text = await response.text();
      tell(response.ok ? text : null);
      return new Response(text, { status: response.status, headers: response.headers });
    } catch (error) {
      if (isSlow()) tell(null);
      throw error;
    }
  };
}

const querySchema = z.object({ query: z.string() });
const requestSchema = z.union([
  querySchema.transform((one) => [one]),
  z.object({ queries: z.array(querySchema) }).transform(({ queries }) => queries),
]);
const answerSchema = z.object({ rows: z.array(z.unknown()) });
const answersSchema = z.union([
  answerSchema.transform((one) => [one]),
  z.object({ results: z.array(answerSchema) }).transform(({ results }) => results),
]);

function describe(body: string, answer: string | null): Omit<SlowStatement, 'durationMs'> {
  const queries = requestSchema.parse(JSON.parse(body));
  const results = answer === null ? null : answersSchema.parse(JSON.parse(answer));
  return {
    statement: (queries[0]?.query ?? '').replaceAll(/\s+/g, ' ').trim().slice(0, MAX_STATEMENT_LENGTH),
    statementCount: queries.length,
    rowCount: results?.reduce((sum, { rows }) => sum + rows.length, 0) ?? null,
  };
}
