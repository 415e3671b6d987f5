/** Tries in a row that fail for what may pass by itself; then the row has failed, and holds nobody up. */
export const MAX_TRIES = 5;
const FIRST_DELAY_SECONDS = 5;

/** What of a problem the rules look at. */
export interface RowProblem {
  readonly kind: string;
  readonly detail?: string;
  readonly step?: string;
  readonly reason?: string;
  readonly action?: string;
  readonly retryable?: boolean;
  readonly retryAfterSeconds?: number;
  readonly findings?: readonly unknown[];
  readonly errors?: readonly { readonly message: string }[];
}

interface FailingRow {
  readonly step: string | null;
  readonly failures: number;
  readonly direction: 'forward' | 'back';
  readonly runId: string | null;
  readonly onFailure: 'keep' | 'roll_back';
}

/** Why a row failed, as it is kept and shown. */
export interface RowError {
  readonly step: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly action: string;
  readonly findings?: readonly unknown[];
}

export type RowVerdict =
  | {
      readonly status: 'waiting';
      readonly waitsFor: string;
      readonly delaySeconds: number;
      readonly failures: number;
      readonly error: RowError;
    }
  /** From the first step again, which answers at once for what is done: a row that was corrected meanwhile. */
  | { readonly status: 'active'; readonly stepsDone: number; readonly failures: number }
  | { readonly status: 'failed'; readonly failures: number; readonly error: RowError }
  | { readonly status: 'queued'; readonly turnTo: 'back'; readonly error: RowError };

/** What becomes of a row whose step, opening or roll back failed. */
export function judgeRowFailure(problem: RowProblem, row: FailingRow): RowVerdict {
  const failures = row.failures + 1;
  const error = describe(problem, row.step);
  if (problem.kind === 'step_blocked' && failures < MAX_TRIES) return { status: 'active', stepsDone: 0, failures };
  if (problem.kind === 'step_interrupted' && failures < MAX_TRIES) {
    const delaySeconds = Math.max(problem.retryAfterSeconds ?? 0, FIRST_DELAY_SECONDS * 2 ** (failures - 1));
    return { status: 'waiting', waitsFor: 'another try', delaySeconds, failures, error };
  }
  const isToRollBack = row.direction === 'forward' && row.onFailure === 'roll_back' && row.runId !== null;
  return isToRollBack ? { status: 'queued', turnTo: 'back', error } : { status: 'failed', failures, error };
}

function describe(problem: RowProblem, step: string | null): RowError {
  const detail = problem.detail ?? problem.errors?.map(({ message }) => message).join(' ') ?? problem.kind;
  return {
    step: problem.step ?? step,
    reason: problem.reason ?? problem.kind,
    detail: detail === '' ? problem.kind : detail,
    action: problem.action ?? 'Put it right, then retry the row.',
    ...(problem.findings ? { findings: problem.findings } : {}),
  };
}
