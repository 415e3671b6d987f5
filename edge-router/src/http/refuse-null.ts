import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';
import { invalidInput } from './body.ts';
import { toProblem } from './problem.ts';

/** Refuses an address with a null character in it: Postgres stores none in any text, and no name has one. */
export const refuseNull: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!c.req.url.includes('%00')) return next();
  const error = { field: '(address)', code: 'null_character', message: 'An address has no null character.' };
  return toProblem(invalidInput([error]), c.var.requestId);
};
