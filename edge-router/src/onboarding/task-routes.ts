import { Hono } from 'hono';
import * as z from 'zod';
import { listOnboardingTasks } from '../../../db/queries/list-onboarding-tasks.ts';
import { updateOnboardingTask } from '../../../db/queries/update-onboarding-task.ts';
import type { AppEnv } from '../http/app-env.ts';
import { invalidInput, parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { isUuid } from '../rules/ids.ts';
import type { RunRouteDeps } from './run-routes.ts';

const BODY_LIMIT_BYTES = 4096;

export const tasksQuerySchema = z.strictObject({
  status: z.enum(['open', 'done', 'withdrawn', 'all']).default('open'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(64).optional(),
});
export const taskPatchSchema = z.strictObject({
  status: z.enum(['open', 'done']),
  note: z.string().trim().min(1).max(500).optional(),
});

/** `/v1/onboarding/tasks`: what only people can do, and their word that it is done. */
export function createTaskRoutes({ onboarding: deps, requireScope }: RunRouteDeps): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(tasksQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { status, limit, cursor = null } = query.value;
      if (cursor !== null && !isUuid(cursor)) {
        const error = { field: 'cursor', code: 'invalid_cursor', message: 'Not a cursor that a list gave' };
        return toProblem(invalidInput([error]), c.var.requestId);
      }
      return c.json(
        await listOnboardingTasks(deps.database, { status: status === 'all' ? null : status, limit, cursor }),
      );
    })
    .patch('/:taskId', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, taskPatchSchema, BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const taskId = c.req.param('taskId').toLowerCase();
      const { status, note = null } = body.value;
      const updated = isUuid(taskId) ? await updateOnboardingTask(deps.database, { taskId, status, note }) : null;
      return updated ? c.json(updated) : toProblem({ kind: 'not_found', what: 'onboarding task' }, c.var.requestId);
    });
}
