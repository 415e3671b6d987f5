import { uuidv7 } from 'uuidv7';
import type { Database } from '../database.ts';
import { beginOnboardingStep } from '../queries/begin-onboarding-step.ts';
import { finishOnboardingStep, type FinishOnboardingStepRequest } from '../queries/finish-onboarding-step.ts';
import type { OnboardingRunRow } from '../queries/onboarding-run-row.ts';
import { openOnboardingRun } from '../queries/open-onboarding-run.ts';

export const LEDGER_STEPS = ['create-record', 'create-sub-account', 'apply-snapshot'];

let counter = 0;

/** A row key that no other test has. */
export function newRowKey(): string {
  return `row-${++counter}-${uuidv7()}`;
}

/** Opens a run with three steps; the batch is new unless it is given. */
export async function openRun(
  database: Database,
  {
    rowKey = newRowKey(),
    batch = `batch-${uuidv7()}`,
    row = { name: 'One' },
  }: { rowKey?: string; batch?: string; row?: object } = {},
): Promise<{ runId: string; rowKey: string; batch: string }> {
  const opened = await openOnboardingRun(database, { runId: uuidv7(), batch, rowKey, row, steps: LEDGER_STEPS });
  if (opened.status === 'taken') throw new Error('another run is open');
  return { runId: opened.run.runId, rowKey, batch };
}

export function beginStep(
  database: Database,
  runId: string,
  { step = 'create-record', fieldsHash = 'h1', needs = [] as string[], leaseSeconds = 30 } = {},
): ReturnType<typeof beginOnboardingStep> {
  return beginOnboardingStep(database, { runId, step, fieldsHash, needs, leaseSeconds });
}

/** Begins a step that must be free to begin, and answers its lease. */
export async function takeStep(
  database: Database,
  runId: string,
  options: Parameters<typeof beginStep>[2] = {},
): Promise<Extract<Awaited<ReturnType<typeof beginOnboardingStep>>, { status: 'begun' }>> {
  const begun = await beginStep(database, runId, options);
  if (begun.status !== 'begun') throw new Error(`not begun: ${begun.status}`);
  return begun;
}

/** Ends what was begun; it must still hold its lease. */
export async function finishStep(database: Database, request: FinishOnboardingStepRequest): Promise<OnboardingRunRow> {
  const finished = await finishOnboardingStep(database, request);
  if (finished.status !== 'finished') throw new Error('fenced');
  return finished.run;
}

export async function succeedStep(
  database: Database,
  runId: string,
  step: string,
  fieldsHash = 'h1',
): Promise<OnboardingRunRow> {
  const { fence } = await takeStep(database, runId, { step, fieldsHash });
  return finishStep(database, { runId, fence, step, status: 'succeeded', output: { step } });
}

export const stepOf = (run: OnboardingRunRow | null, name: string) => run?.steps.find(({ step }) => step === name);
