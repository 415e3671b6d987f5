import * as z from 'zod';
import { deleteOnboardingWait } from '../../../db/queries/delete-onboarding-wait.ts';
import { findOnboardingWait } from '../../../db/queries/find-onboarding-wait.ts';
import type { WaitResult } from '../../../db/queries/onboarding-wait-row.ts';
import { saveOnboardingWait } from '../../../db/queries/save-onboarding-wait.ts';
import type { AppDeps } from '../deps.ts';
import { describeProblem } from '../http/problem.ts';
import type { OnboardingDeps } from './deps.ts';
import { isStepName, type StepName } from './rules/steps.ts';
import { runStep } from './run-step.ts';
import { askToContinueWait, wakeCaller } from './wait-message.ts';

/** Steps asked in one turn, so many at once: a Worker's turn ends well before QStash gives up on it. */
const STEPS_PER_TURN = 10;
const STEPS_AT_ONCE = 5;
const SHORTEST_DELAY_SECONDS = 2;
const LONGEST_DELAY_SECONDS = 60;

const messageSchema = z.object({ waitId: z.uuid(), turn: z.int().min(0) });

type Deps = OnboardingDeps & Pick<AppDeps, 'qstash'>;

/**
 * One turn of a wait: the steps that still wait are asked again, and QStash is asked for the next turn, or to wake the caller
 * when all are over or the time is. Safe to run twice: steps are, and messages have names.
 */
export async function continueWait(deps: Deps, body: unknown): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { waitId, turn } = message.data;
  const wait = await findOnboardingWait(deps.database, waitId);
  if (!wait) return 'done';
  const { step, resumeUrl, isOverdue } = wait;
  if (!isStepName(step)) return 'refused';
  const { results, delaySeconds } = await askSteps(deps, { results: wait.results, step, turn, waitId });
  if (!results.some(isWaiting) || isOverdue) {
    await wakeCaller(deps, {
      waitId,
      resumeUrl,
      body: { waitId, results: results.map((one) => endLate(one, waitId)) },
    });
    await deleteOnboardingWait(deps.database, waitId);
    return 'done';
  }
  await askToContinueWait(deps, { waitId, turn: turn + 1, delaySeconds });
  await saveOnboardingWait(deps.database, { waitId, results });
  return 'done';
}

/** Of an item that is neither done nor failed. */
export function isWaiting({ item, answer, problem }: WaitResult): boolean {
  return answer === null && problem === null && (item['status'] === 'waiting' || item['status'] === 'running');
}

interface Turn {
  readonly results: readonly WaitResult[];
  readonly step: StepName;
  readonly turn: number;
  readonly waitId: string;
}

async function askSteps(
  deps: Deps,
  { results, step, turn, waitId }: Turn,
): Promise<{ results: WaitResult[]; delaySeconds: number }> {
  const next = [...results];
  const waiting = [...results.keys()].filter((index) => isWaiting(results[index] as WaitResult));
  const first = waiting.length > STEPS_PER_TURN ? (turn * STEPS_PER_TURN) % waiting.length : 0;
  const asked = waiting.slice(first, first + STEPS_PER_TURN);
  let delaySeconds = waiting.length > asked.length ? SHORTEST_DELAY_SECONDS : LONGEST_DELAY_SECONDS;
  for (let begun = 0; begun < asked.length; begun += STEPS_AT_ONCE) {
    const together = asked.slice(begun, begun + STEPS_AT_ONCE);
    await Promise.all(
      together.map(async (index) => {
        const { item } = results[index] as WaitResult;
        const done = await runStep(deps, { runId: String(item['runId']), step, share: 'bulk' });
        if (done.ok && done.value.status !== 'succeeded') {
          delaySeconds = Math.min(delaySeconds, done.value.retryAfterSeconds ?? SHORTEST_DELAY_SECONDS);
        } else if (done.ok) next[index] = { item, answer: { ...done.value }, problem: null };
        else if (done.error.kind === 'step_interrupted')
          delaySeconds = Math.min(delaySeconds, done.error.retryAfterSeconds);
        else next[index] = { item, answer: null, problem: { ...describeProblem(done.error, waitId) } };
      }),
    );
  }
  return { results: next, delaySeconds: Math.max(SHORTEST_DELAY_SECONDS, Math.ceil(delaySeconds)) };
}

function endLate(result: WaitResult, waitId: string): WaitResult {
  if (!isWaiting(result)) return result;
  const problem = {
    code: 'still_waiting',
    title: 'The step was not over in time',
    detail: 'The step still waits.',
    action: 'Nothing is lost: ask for the step again, and it goes on from here.',
    retryable: true,
    requestId: waitId,
  };
  return { ...result, problem };
}
