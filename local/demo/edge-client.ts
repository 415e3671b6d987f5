import * as z from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

export type EdgeClient = {
  /** Sends one request; the error is a problem the router answered with (`status`), or no answer at all (`status` null). */
  readonly send: (request: EdgeRequest) => Promise<Result<unknown, Problem>>;
  /** The text of a file that the router makes. */
  readonly download: (path: string, timeoutMs: number) => Promise<Result<string, Problem>>;
};

export type EdgeRequest = {
  readonly path: string;
  /** A GET without a body, a POST with one, unless it is named. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: {
    readonly type: 'application/json' | 'text/csv';
    /** Bytes are a file in whatever encoding it has. */
    readonly text: string | Uint8Array<ArrayBuffer>;
  };
  readonly timeoutMs: number;
};

const inputErrorSchema = z.object({
  row: z.number().optional(),
  column: z.string().optional(),
  value: z.string().optional(),
  code: z.string(),
  message: z.string(),
  suggestion: z.string().optional(),
  field: z.string().optional(),
});
const problemSchema = z.object({
  title: z.string().default('No reason was given'),
  detail: z.string().default(''),
  code: z.string().default('unknown'),
  errors: z.array(inputErrorSchema).default([]),
  errorsOmitted: z.number().default(0),
});

export type InputError = z.output<typeof inputErrorSchema>;
export type Problem = z.output<typeof problemSchema> & { readonly status: number | null };

/** Talks to the router as any caller does: over HTTP, with an API key. */
export function createEdgeClient({ edge, apiKey }: { edge: string; apiKey: string }): EdgeClient {
  const ask = async ({ path, body, timeoutMs, method = body ? 'POST' : 'GET' }: EdgeRequest) => {
    try {
      const answer = await fetch(`${edge}${path}`, {
        method,
        headers: { authorization: `Bearer ${apiKey}`, ...(body ? { 'content-type': body.type } : {}) },
        ...(body ? { body: body.text } : {}),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await answer.text();
      return answer.ok ? ok(text) : err({ ...readProblem(parseJson(text)), status: answer.status });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return err({ ...readProblem({ title: 'No answer', detail, code: 'no_answer' }), status: null });
    }
  };
  return {
    send: async (request) => {
      const answered = await ask(request);
      return answered.ok ? ok(parseJson(answered.value)) : answered;
    },
    download: (path, timeoutMs) => ask({ path, timeoutMs }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readProblem(content: unknown): z.output<typeof problemSchema> {
  const parsed = problemSchema.safeParse(content);
  return parsed.success ? parsed.data : problemSchema.parse({});
}

/** One line for a person; the first bad field stands for all, while bad cells have a table of their own. */
export function describeProblem({ status, title, detail, code, errors: [first] }: Problem): string {
  const where = first?.field === undefined ? '' : ` ${first.field}: ${first.message}`;
  return `${status ?? 'no status'} ${code}: ${title}. ${detail}${where}`.trim();
}
