import { Hono } from 'hono';
import { readStoredSettings } from '../../../db/queries/read-stored-settings.ts';
import { replaceStoredSettings } from '../../../db/queries/replace-stored-settings.ts';
import type { AppEnv } from '../http/app-env.ts';
import { readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import type { RunRouteDeps } from './run-routes.ts';
import { onboardingSettingsSchema } from './rules/onboarding-settings.ts';

const BODY_LIMIT_BYTES = 256 * 1024;

/** `/v1/onboarding/settings`: what a brand decides once for all its locations. */
export function createSettingsRoutes({ onboarding: deps, requireScope }: RunRouteDeps): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', requireScope('onboarding:read'), async (c) => {
      const stored = await readStoredSettings(deps.database, 'onboarding_settings');
      return stored ? c.json(stored) : toProblem({ kind: 'not_found', what: 'onboarding settings' }, c.var.requestId);
    })
    .put('/', requireScope('onboarding:write'), async (c) => {
      const document = await readJson(c.req.raw, onboardingSettingsSchema, BODY_LIMIT_BYTES);
      if (!document.ok) return toProblem(document.error, c.var.requestId);
      return c.json(await replaceStoredSettings(deps.database, 'onboarding_settings', document.value));
    });
}
