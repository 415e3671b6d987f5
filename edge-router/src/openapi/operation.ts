import type * as z from 'zod';
import type { ApiError } from '../http/problem.ts';
import type { Scope } from '../http/scopes.ts';

export interface OperationBody {
  readonly schema: z.ZodType;
  readonly example: unknown;
  /** A file that may be sent instead, with the beginning of one. */
  readonly csv?: string;
  /** The fields of a form that may be sent instead, beside its `file`. */
  readonly formFields?: z.ZodType;
}

export interface OperationAnswer {
  readonly description: string;
  /** Absent where the answer has no body. */
  readonly schema?: z.ZodType;
}

/** One method of one address, as `/openapi.json` tells it. The schemas are those that the route itself parses with. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With its parameters as Hono writes them: `/v1/leads/:id`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Null where no key is needed, `any` where every key will do. */
  readonly scope: Scope | 'any' | null;
  /** What the address's own parameters are, by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: z.ZodType;
  /** Request headers of its own, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: OperationBody;
  readonly answers: Readonly<Record<number, OperationAnswer>>;
  /** Beside those that every route with a key or a body has. */
  readonly problems?: readonly ApiError['kind'][];
}
