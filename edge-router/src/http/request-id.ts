import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';

const ACCEPTED_ID = /^[A-Za-z0-9_.-]{8,64}$/;

/** Gives every request an id: the caller's own `X-Request-Id` when it is tame, else one of ours. Always answered back. */
export function assignRequestId(newId: () => string): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const given = c.req.header('x-request-id') ?? '';
    const id = ACCEPTED_ID.test(given) ? given : newId();
    c.set('requestId', id);
    await next();
    c.res.headers.set('x-request-id', id);
  };
}
