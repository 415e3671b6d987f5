import { Hono } from 'hono';
import * as z from 'zod';
import { createOnboardingWait } from '../../../db/queries/save-onboarding-wait.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { invalidInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { checkTargetUrl } from '../subscriptions/rules/target-url.ts';
import { isUuid } from '../rules/ids.ts';
import { isWaiting } from './continue-wait.ts';
import { stepNames } from './rules/steps.ts';
import { askToContinueWait } from './wait-message.ts';

/** The results go to the caller as one message of QStash's, which takes 1 MB. */
const BODY_LIMIT_BYTES = 512 * 1024;
const MAX_ITEMS = 500;
const MAX_TIMEOUT_SECONDS = 24 * 60 * 60;

export const waitBodySchema = z.strictObject({
  step: z.enum(stepNames),
  resumeUrl: z.string().describe('posted to, once, when every step is over'),
  timeoutSeconds: z.int().min(1).max(MAX_TIMEOUT_SECONDS),
  items: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .max(MAX_ITEMS)
    .refine((items) => items.every(isAskable), { error: 'an item that waits needs the runId of its run' })
    .describe('any objects; those with the `status` waiting or running are asked for by their `runId`, all come back'),
});

export const waitCreatedSchema = z.object({ waitId: z.string(), waiting: z.int() });

/** `POST /v1/onboarding/waits`: the router goes on with steps that wait, and calls back when all are over. */
export function createWaitRoutes({
  deps,
  requireScope,
}: {
  readonly deps: AppDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}): Hono<AppEnv> {
  const { publicUrl, allowPrivateTargets } = deps.config;
  const targetRules = { allowsPrivate: allowPrivateTargets, ownHost: new URL(publicUrl).host };
  return new Hono<AppEnv>().post('/', requireScope('onboarding:write'), async (c) => {
    const body = await readJson(c.req.raw, waitBodySchema, BODY_LIMIT_BYTES);
    if (!body.ok) return toProblem(body.error, c.var.requestId);
    const { step, timeoutSeconds, items } = body.value;
    const target = checkTargetUrl(body.value.resumeUrl, targetRules);
    if (!target.ok) {
      const error = { field: 'resumeUrl', code: 'invalid_target', message: target.error };
      return toProblem(invalidInput([error]), c.var.requestId);
    }
    const waitId = deps.newId();
    const results = items.map((item) => ({ item, answer: null, problem: null }));
    await createOnboardingWait(deps.database, { id: waitId, step, resumeUrl: target.value, timeoutSeconds, results });
    await askToContinueWait(deps, { waitId, turn: 0, delaySeconds: 1 });
    return c.json(
      { waitId, waiting: results.filter(isWaiting).length } satisfies z.output<typeof waitCreatedSchema>,
      201,
    );
  });
}

function isAskable(item: Readonly<Record<string, unknown>>): boolean {
  const { runId } = item;
  return !isWaiting({ item, answer: null, problem: null }) || (typeof runId === 'string' && isUuid(runId));
}
