import { Hono, type MiddlewareHandler } from 'hono';
import { html } from 'hono/html';
import * as z from 'zod';
import type { AppDeps } from '../deps.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import type { Scope } from '../http/scopes.ts';
import { toApiError } from './api-error.ts';
import { finishConnection, startConnection } from './connect.ts';
import type { Highlevel } from './highlevel.ts';
import { readHighlevelStatus } from './read-status.ts';

export interface HighlevelRouteDeps {
  readonly deps: AppDeps;
  readonly highlevel: Highlevel | null;
  readonly requireScope: (scope: Scope) => MiddlewareHandler<AppEnv>;
}

export const callbackQuerySchema = z.object({
  code: z.string().min(1).max(2000).describe('HighLevel’s'),
  state: z.string().min(1).max(500).describe('ours, as it was sent along'),
});

const notConfigured = toApiError({ kind: 'not_connected', endpoint: 'getToken', reason: 'not_configured' });

/** `/v1/highlevel`: how things stand, and the beginning of a connection. */
export function createHighlevelRoutes({ deps, highlevel, requireScope }: HighlevelRouteDeps): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/status', requireScope('highlevel:read'), async (c) => c.json(await readHighlevelStatus(deps, highlevel)))
    .post('/connect', requireScope('highlevel:write'), async (c) => {
      if (!highlevel) return toProblem(notConfigured, c.var.requestId);
      return c.json(await startConnection(deps, highlevel), 201);
    });
}

/** `/v1/oauth/callback`: where HighLevel sends the admin back to, with a browser and without a key of ours. */
export function createOauthRoutes({ deps, highlevel }: Omit<HighlevelRouteDeps, 'requireScope'>): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/callback', async (c) => {
    if (!highlevel) return toProblem(notConfigured, c.var.requestId);
    const query = parseInput(callbackQuerySchema, c.req.query());
    if (!query.ok) return toProblem(query.error, c.var.requestId);
    const finished = await finishConnection(deps, highlevel, query.value);
    if (!finished.ok) return toProblem(finished.error, c.var.requestId);
    const next = finished.value.installToFutureLocations
      ? 'New sub-accounts get the app by themselves.'
      : 'New sub-accounts will not get the app by themselves: GET /v1/highlevel/status says what to do before many are made.';
    return c.html(
      html`<!doctype html>
        <html lang="en">
          <title>Connected</title>
          <h1>Connected</h1>
          <p>Switchyard is connected to the agency. ${next} This window can be closed.</p>
        </html>`,
      200,
      {
        'content-security-policy': "default-src 'none'",
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
    );
  });
}
