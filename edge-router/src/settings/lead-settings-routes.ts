import { Hono } from 'hono';
import { replaceStoredSettings } from '../../../db/queries/replace-stored-settings.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { leadSettingsSchema } from '../rules/lead-settings.ts';
import { findLeadSettings } from './find-lead-settings.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

interface LeadSettingsRouteDeps {
  readonly deps: AppDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/settings/leads`: what a brand decides about leads that were assigned. */
export function createLeadSettingsRoutes({ deps, requireScope }: LeadSettingsRouteDeps): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/leads', requireScope('rules:read'), async (c) => {
      const { version, settings } = await findLeadSettings(deps);
      return c.json({ version, document: settings });
    })
    .put('/leads', requireScope('rules:write'), async (c) => {
      const document = await readJson(c.req.raw, leadSettingsSchema, BODY_LIMIT_BYTES);
      if (!document.ok) return toProblem(document.error, c.var.requestId);
      const { version } = await replaceStoredSettings(deps.database, 'lead_settings', document.value);
      return c.json({ version, document: document.value });
    });
}
