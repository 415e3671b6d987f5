import * as z from 'zod';
import { endDriftTurn, type DriftOutcome } from '../../../db/queries/end-drift-turn.ts';
import { findDriftReport } from '../../../db/queries/find-drift-report.ts';
import { findLocation } from '../../../db/queries/find-location.ts';
import { findOnboardingRun } from '../../../db/queries/find-onboarding-run.ts';
import { replaceOnboardingRow } from '../../../db/queries/replace-onboarding-row.ts';
import { takeDriftRows, type TakenDriftRow } from '../../../db/queries/take-drift-rows.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { checkLocation, stepThatRepairs } from './check-location.ts';
import { DRIFT_DUE_SECONDS, sendDriftMessage } from './drift-messages.ts';
import { failForHighlevel } from './highlevel-failure.ts';
import { tellNews, type BatchDeps } from './onboard-row.ts';
import { readSettings } from './read-settings.ts';
import type { Finding } from './rules/finding.ts';
import { onboardingRowSchema, type OnboardingRow } from './rules/onboarding-row.ts';
import type { OnboardingSettings } from './rules/onboarding-settings.ts';
import { takeRecordAsWanted } from './rules/recorded-row.ts';
import { toCanonicalJson } from './rules/step-fields.ts';
import { stepNames, type StepName } from './rules/steps.ts';
import { runStep } from './run-step.ts';
import { createCallers } from './step-context.ts';
import type { Failed } from './step.ts';

/** A turn takes so many locations, some at once: it ends long before QStash gives up on it. */
const LOCATIONS_PER_TURN = 12;
const AT_ONCE = 4;
const LEASE_SECONDS = 180;
const MAX_TRIES = 5;
const AGAIN_SECONDS = 30;

const messageSchema = z.object({ reportId: z.uuid(), turn: z.int().min(0) });

/** One turn of a report: the next locations are looked at, or repaired. Safe to run twice: rows are taken for a time. */
export async function checkDrift(deps: BatchDeps, body: unknown): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { reportId, turn } = message.data;
  const report = await findDriftReport(deps.database, reportId);
  if (!report || report.status !== 'running' || report.turn !== turn) return 'done';
  const settings = await readSettings(deps);
  const request = { reportId, limit: LOCATIONS_PER_TURN, leaseSeconds: LEASE_SECONDS };
  const taken = await takeDriftRows(deps.database, request);
  const rows: DriftOutcome[] = [];
  for (let done = 0; done < taken.length; done += AT_ONCE) {
    const part = taken.slice(done, done + AT_ONCE);
    rows.push(...(await Promise.all(part.map((row) => lookAfter(deps, { reportId, row, settings })))));
  }
  const ended = await endDriftTurn(deps.database, { reportId, turn, rows, dueSeconds: DRIFT_DUE_SECONDS });
  if (ended.next) {
    await sendDriftMessage(deps, { reportId, turn: ended.next.turn, delaySeconds: ended.next.delaySeconds ?? 0 });
  }
  if (ended.finished) await tellNews(deps);
  return 'done';
}

interface Looked {
  readonly reportId: string;
  readonly row: TakenDriftRow;
  readonly settings: Result<OnboardingSettings, ApiError>;
}

async function lookAfter(deps: BatchDeps, { reportId, row, settings }: Looked): Promise<DriftOutcome> {
  const { locationId, ghlLocationId, runId, status } = row;
  const unchecked = (error: object): DriftOutcome => ({ locationId, status: 'unchecked', error });
  if (!settings.ok) return unchecked({ reason: 'no_settings', detail: 'The onboarding settings are missing.' });
  if (ghlLocationId === null || runId === null) {
    return unchecked({ reason: 'not_brought_on', detail: 'No run says how this location ought to be.' });
  }
  const target: Target = { reportId, row, runId, ghlLocationId, settings: settings.value };
  return status === 'pending' ? look(deps, target) : repair(deps, target);
}

interface Target {
  readonly reportId: string;
  readonly row: TakenDriftRow;
  readonly runId: string;
  readonly ghlLocationId: string;
  readonly settings: OnboardingSettings;
}

async function look(deps: BatchDeps, target: Target): Promise<DriftOutcome> {
  const { row } = target;
  const found = await findDrift(deps, target);
  if (found.ok) {
    const findings = found.value;
    return { locationId: row.locationId, status: findings.length === 0 ? 'ok' : 'drifted', findings };
  }
  return (
    tryLater(row, found.error) ?? { locationId: row.locationId, status: 'unchecked', error: describe(found.error) }
  );
}

/** How a location ought to be: as its record is, of whose changes since the run HighLevel has not heard; as an open run's row. */
async function findWanted(
  { database }: BatchDeps,
  { row, locationId, runStatus }: TakenDriftRow,
): Promise<OnboardingRow> {
  const ofRun = onboardingRowSchema.parse(row);
  const stored = runStatus === 'completed' ? await findLocation(database, locationId) : null;
  return stored ? takeRecordAsWanted(ofRun, stored) : ofRun;
}

/** What a location has otherwise than its record, its run's row and the settings want it. */
async function findDrift(
  deps: BatchDeps,
  { reportId, row, ghlLocationId, settings }: Target,
): Promise<Result<Finding[], Failed & { readonly waits?: boolean }>> {
  const callers = createCallers(deps, { share: 'bulk', row: reportId });
  if (!callers.ok) return callers;
  const context = { deps, highlevel: callers.value, row: await findWanted(deps, row), settings };
  const checked = await checkLocation({ ...context, locationId: row.locationId, ghlLocationId });
  if (checked.ok) return ok(checked.value.filter(({ status }) => status !== 'ok'));
  const failed = failForHighlevel(checked.error, 'looking at the sub-account');
  if (failed.kind === 'failed') return err(failed);
  const { detail, retryAfterSeconds } = failed;
  const waits = { reason: 'rate_budget', action: 'It is looked at again by itself.', isRetryable: true, waits: true };
  return err({ kind: 'failed', detail, retryAfterSeconds, ...waits });
}

/** What may pass by itself is tried five times; waiting for the budget is no failure. */
function tryLater(row: TakenDriftRow, failed: Failed & { readonly waits?: boolean }): DriftOutcome | null {
  if (!failed.isRetryable || (row.tries >= MAX_TRIES && failed.waits !== true)) return null;
  const delaySeconds = failed.retryAfterSeconds ?? AGAIN_SECONDS;
  return { locationId: row.locationId, status: row.status, delaySeconds, error: describe(failed) };
}

function describe({ reason, detail, action }: Pick<Failed, 'reason' | 'detail' | 'action'>): object {
  return { reason, detail, action };
}

/** Runs again the steps that put right what was found, then looks whether it is. */
async function repair(deps: BatchDeps, target: Target): Promise<DriftOutcome> {
  const { row, runId } = target;
  const { locationId } = row;
  const stopped = await giveRunItsRow(deps, target);
  if (stopped) return stopped;
  const wanted = new Set(row.findings.map(({ check }) => stepThatRepairs(String(check))));
  // A snapshot is never pushed twice: what lacks of it is a person's to load.
  const steps = stepNames.filter((step) => step !== 'apply-snapshot' && wanted.has(step));
  for (const step of steps) {
    const unrepaired = await repairStep(deps, { row, runId, step });
    if (unrepaired) return unrepaired;
  }
  const found = await findDrift(deps, target);
  if (!found.ok) return tryLater(row, found.error) ?? { locationId, status: 'drifted', error: describe(found.error) };
  if (found.value.length === 0) return { locationId, status: 'repaired', findings: [] };
  const error = { reason: 'still_differs', detail: 'What is left cannot be repaired by a step.', action: HOW };
  return { locationId, status: 'drifted', findings: found.value, error };
}

/** The steps take what they write from the run's row; none is undone by that, and those that differ are run again. */
async function giveRunItsRow(deps: BatchDeps, { row, runId }: Target): Promise<DriftOutcome | null> {
  const { locationId } = row;
  const [wanted, run] = await Promise.all([findWanted(deps, row), findOnboardingRun(deps.database, runId)]);
  if (!run || toCanonicalJson(wanted) === toCanonicalJson(onboardingRowSchema.parse(row.row))) return null;
  const hashes = Object.fromEntries(run.steps.map(({ step, fieldsHash }) => [step, fieldsHash ?? '']));
  const replaced = await replaceOnboardingRow(deps.database, { runId, row: wanted, hashes });
  if (replaced.status === 'replaced') return null;
  if (replaced.status === 'busy') {
    return { locationId, status: 'repairing', delaySeconds: replaced.retryAfterSeconds };
  }
  const error = { reason: 'run_conflict', detail: 'Another run of this location is open.', action: 'Finish it first.' };
  return { locationId, status: 'drifted', error };
}

const HOW = 'Load what is missing of the snapshot, publish workflows, and connect what only people can in HighLevel.';

async function repairStep(
  deps: BatchDeps,
  { row, runId, step }: { row: TakenDriftRow; runId: string; step: StepName },
): Promise<DriftOutcome | null> {
  const { locationId } = row;
  const done = await runStep(deps, { runId, step, share: 'bulk', again: true });
  if (done.ok) {
    const { status, retryAfterSeconds } = done.value;
    return status === 'succeeded'
      ? null
      : { locationId, status: 'repairing', delaySeconds: retryAfterSeconds ?? AGAIN_SECONDS };
  }
  const { error } = done;
  if (error.kind === 'step_interrupted' && row.tries < MAX_TRIES) {
    return { locationId, status: 'repairing', delaySeconds: error.retryAfterSeconds };
  }
  const told =
    error.kind === 'step_failed' || error.kind === 'step_interrupted'
      ? describe(error)
      : { reason: error.kind, detail: 'detail' in error ? error.detail : `${step} could not be run.` };
  return { locationId, status: 'drifted', error: { step, ...told } };
}
