import type { AppDeps } from '../deps.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { Highlevel } from './highlevel.ts';
import { readHighlevelStatus } from './read-status.ts';

/** Whether many locations may be brought on at once; else a problem that says all that speaks against it, and what to do. */
export async function checkBulkRun(
  deps: Pick<AppDeps, 'database'>,
  highlevel: Highlevel | null,
): Promise<Result<null, ApiError>> {
  const { bulkRun } = await readHighlevelStatus(deps, highlevel);
  if (bulkRun.allowed) return ok(null);
  const errors = bulkRun.refusals.map(({ code, message }) => ({ code, message }));
  return err({ kind: 'conflict', detail: errors.map(({ message }) => message).join(' '), errors });
}
