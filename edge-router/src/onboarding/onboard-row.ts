import * as z from 'zod';
import { advanceOnboardingTurn } from '../../../db/queries/advance-onboarding-turn.ts';
import { beginOnboardingTurn, type BegunRow } from '../../../db/queries/begin-onboarding-turn.ts';
import { endOnboardingTurn, type TurnEnd } from '../../../db/queries/end-onboarding-turn.ts';
import { findOnboardingRun } from '../../../db/queries/find-onboarding-run.ts';
import { handOverOnboardingRun } from '../../../db/queries/hand-over-onboarding-run.ts';
import { turnSchema, type Turn } from '../../../db/queries/onboarding-batch-row.ts';
import type { AppDeps } from '../deps.ts';
import type { ApiError } from '../http/problem.ts';
import type { OutboxDrain } from '../jobs/outbox.ts';
import { ok, type Result } from '../rules/result.ts';
import { correctRow } from './correct-row.ts';
import type { OnboardingDeps } from './deps.ts';
import { openRun } from './open-run.ts';
import { scaleSeconds } from './patience.ts';
import { rollBack } from './roll-back.ts';
import { sendRowMessages } from './row-messages.ts';
import { judgeRowFailure } from './rules/row-failure.ts';
import { onboardingRowSchema } from './rules/onboarding-row.ts';
import { stepNames } from './rules/steps.ts';
import { runStep } from './run-step.ts';
import { SLOT_LEASE_SECONDS, slotRules } from './slot-rules.ts';

/** After so long another message goes on, so that no delivery takes minutes. */
const MAX_TURN_MS = 20_000;

const messageSchema = turnSchema.extend({ batchId: z.uuid() });

export type BatchDeps = OnboardingDeps & Pick<AppDeps, 'qstash'> & { readonly outbox: Pick<OutboxDrain, 'start'> };

/**
 * One turn of a batch's row: step after step until it waits, fails, is done, or its batch is paused. Safe to run twice and at
 * the same time: the ledger lets one work on a location, and a turn ends once.
 */
export async function onboardRow(deps: BatchDeps, body: unknown): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const turn = message.data;
  const begun = await beginOnboardingTurn(deps.database, { ...turn, ...slotRules(deps) });
  await sendRowMessages(
    deps,
    begun.claimed.map((other) => ({ ...other, delaySeconds: null })),
  );
  if (begun.status === 'stale') return 'done';
  const { row } = begun;
  const end = row.direction === 'forward' ? await goForward(deps, turn, row) : await goBack(deps, turn, row);
  const { direction } = row;
  const ended = await endOnboardingTurn(deps.database, { ...turn, ...slotRules(deps), ...end, direction });
  const delaySeconds = end.status === 'waiting' ? (end.delaySeconds ?? 1) : null;
  const next = ended.turn === null ? [] : [{ ...turn, turn: ended.turn, delaySeconds }];
  await sendRowMessages(deps, [...next, ...ended.claimed.map((other) => ({ ...other, delaySeconds: null }))]);
  if (end.status === 'failed' || end.status === 'succeeded' || ended.finished) await tellNews(deps);
  return 'done';
}

/** Activations, failures and the batch's end lie in the outbox. */
export async function tellNews({ outbox }: Pick<BatchDeps, 'outbox'>): Promise<void> {
  const works: Promise<unknown>[] = [];
  outbox.start((work) => works.push(work));
  await Promise.all(works);
}

async function goForward(deps: BatchDeps, turn: Turn, row: BegunRow): Promise<TurnEnd> {
  const startedAtMs = deps.nowMs();
  const progress = { ...turn, direction: 'forward', leaseSeconds: SLOT_LEASE_SECONDS } as const;
  const opened = row.runId === null ? await openRow(deps, turn, row) : ok(row.runId);
  if (!opened.ok) return judge(deps, opened.error, { ...row, step: null });
  const runId = opened.value;
  if (row.runId === null && !(await advanceOnboardingTurn(deps.database, { ...progress, runId }))) {
    return { status: 'queued' };
  }
  let { failures } = row;
  for (const [index, step] of stepNames.entries()) {
    if (index < row.stepsDone) continue;
    const done = await runStep(deps, { runId, step, share: 'bulk' });
    if (!done.ok) return judge(deps, done.error, { ...row, runId, failures, step });
    const { status, waitsFor, retryAfterSeconds } = done.value;
    if (status !== 'succeeded') {
      return { status: 'waiting', waitsFor: waitsFor ?? step, delaySeconds: retryAfterSeconds ?? 1, failures };
    }
    failures = 0;
    const mayGoOn = await advanceOnboardingTurn(deps.database, { ...progress, stepsDone: index + 1 });
    const isLast = index === stepNames.length - 1;
    if (!isLast && !mayGoOn) return { status: 'queued' };
    if (!isLast && deps.nowMs() - startedAtMs > MAX_TURN_MS) return { status: 'active' };
  }
  return { status: 'succeeded' };
}

/** The row's run: a new one, or the one that an earlier batch left unfinished, with this row. */
async function openRow(deps: BatchDeps, { batchId }: Turn, { input }: BegunRow): Promise<Result<string, ApiError>> {
  const row = onboardingRowSchema.parse(input);
  const opened = await openRun(deps, { batch: batchId, row });
  if (opened.ok) return ok(opened.value.run.runId);
  const runId = opened.error.kind === 'run_conflict' ? opened.error.runId : null;
  if (runId === null || !(await handOverOnboardingRun(deps.database, { runId, batch: batchId }))) return opened;
  const corrected = await correctRow(deps, { runId, row });
  return corrected.ok ? ok(runId) : corrected;
}

async function goBack(deps: BatchDeps, { batchId }: Turn, row: BegunRow): Promise<TurnEnd> {
  // It never began, or a later batch went on with its run: nothing is to be undone.
  if (row.runId === null) return { status: 'cancelled' };
  const run = await findOnboardingRun(deps.database, row.runId);
  if (run?.batch !== batchId) return { status: 'cancelled' };
  const rolled = await rollBack(deps, { runId: row.runId, share: 'bulk' });
  if (!rolled.ok) return judge(deps, rolled.error, { ...row, step: null });
  const { status, retryAfterSeconds } = rolled.value;
  if (status !== 'rolling_back') return { status };
  return { status: 'waiting', waitsFor: 'roll back', delaySeconds: retryAfterSeconds ?? 1, failures: row.failures };
}

function judge(deps: BatchDeps, error: ApiError, row: BegunRow & { readonly step: string | null }): TurnEnd {
  const judged = judgeRowFailure(error, row);
  return judged.status === 'waiting' ? { ...judged, delaySeconds: scaleSeconds(deps, judged.delaySeconds) } : judged;
}
