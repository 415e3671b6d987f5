import { WAIT_INDEFINITELY, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import { findRun } from './open-run';
import { toFailedItem, toNodeError } from './results';
import { collectOutcomes, type ItemOutcome } from './run-items';
import { addressOfRun, readStepAnswer } from './step-answer';
import { waitMode, type StepDefinition } from './steps';
import { connect, type Switchyard } from './transport';

/** The router answers within a minute; a step that needs longer says 202. */
const STEP_TIMEOUT_MS = 90_000;
const MS_PER_MINUTE = 60_000;

/** Does one step for every item, several at once. What was done before answers at once, with `replayed: true`. */
export async function executeStep(context: IExecuteFunctions, step: StepDefinition): Promise<INodeExecutionData[][]> {
  const switchyard = await connect(context, context.getExecutionCancelSignal());
  const mode = context.getNodeParameter('waitMode', 0, waitMode.poll) as string;
  const options = context.getNodeParameter('options', 0, {}) as { parallelCalls?: number; maxWaitMinutes?: number };
  const maxWaitMs = (options.maxWaitMinutes ?? 30) * MS_PER_MINUTE;
  const outcomes = await collectOutcomes(context, {
    parallelCalls: options.parallelCalls ?? 5,
    maxWaitMs: mode === waitMode.poll ? maxWaitMs : 0,
    work: createWork(context, { switchyard, step }),
  });
  const items = toItems(context, outcomes);
  if (mode === waitMode.resume && outcomes.some(({ kind }) => kind === 'waiting')) {
    await waitForCallback(context, { switchyard, step, items, maxWaitMs });
  } else hint(context, { step, outcomes, baseUrl: switchyard.baseUrl });
  return [items];
}

interface Work {
  readonly switchyard: Switchyard;
  readonly step: StepDefinition;
}

/** A run is looked up once per item, however often its step is asked again. */
function createWork(
  context: IExecuteFunctions,
  { switchyard, step }: Work,
): (itemIndex: number) => Promise<ItemOutcome> {
  const runs = new Map<number, string>();
  return async (itemIndex) => {
    const found = runs.has(itemIndex)
      ? { runId: runs.get(itemIndex) as string }
      : await findRun(context, switchyard, itemIndex);
    if ('failure' in found) return { kind: 'failed', failure: found.failure, details: { step: step.step } };
    runs.set(itemIndex, found.runId);
    const outcome = await switchyard.send({
      method: 'POST',
      path: `/v1/onboarding/runs/${encodeURIComponent(found.runId)}/steps/${step.step}`,
      timeoutMs: STEP_TIMEOUT_MS,
    });
    if (outcome.ok) return readStepAnswer(outcome.answer, switchyard.baseUrl);
    const runUrl = addressOfRun(switchyard.baseUrl, found.runId);
    return { kind: 'failed', failure: outcome.failure, details: { step: step.step, runId: found.runId, runUrl } };
  };
}

function toItems(context: IExecuteFunctions, outcomes: readonly ItemOutcome[]): INodeExecutionData[] {
  const inputs = context.getInputData();
  return outcomes.map((outcome, itemIndex) => {
    if (outcome.kind !== 'failed') return { json: outcome.json, pairedItem: { item: itemIndex } };
    return toFailedItem(context, { ...outcome, input: inputs[itemIndex]?.json ?? {}, itemIndex });
  });
}

/**
 * Leaves the rest to the router: it goes on with the steps that wait and calls this execution's resume address once all are
 * over. The items as they are now go with it, since what resumes an execution takes the place of what it had.
 */
async function waitForCallback(
  context: IExecuteFunctions,
  { switchyard, step, items, maxWaitMs }: Work & { items: readonly INodeExecutionData[]; maxWaitMs: number },
): Promise<void> {
  const resumeUrl = String(context.evaluateExpression('{{ $execution.resumeUrl }}', 0));
  const created = await switchyard.send({
    method: 'POST',
    path: '/v1/onboarding/waits',
    body: {
      step: step.step,
      resumeUrl,
      timeoutSeconds: Math.round(maxWaitMs / 1000),
      items: keepRows(context, items),
    },
  });
  if (!created.ok) throw toNodeError(context.getNode(), created.failure);
  await context.putExecutionToWait(WAIT_INDEFINITELY);
}

/** The engine merges the row of a failed item in after a node has run, but not after it was resumed. `failed` is no status to ask again for. */
function keepRows(context: IExecuteFunctions, items: readonly INodeExecutionData[]): IDataObject[] {
  const inputs = context.getInputData();
  return items.map(({ json }, itemIndex) =>
    json.error === undefined ? json : { ...inputs[itemIndex]?.json, ...json, status: 'failed' },
  );
}

/** A line under the output: how it went, and where to look. */
function hint(
  context: IExecuteFunctions,
  { step, outcomes, baseUrl }: { step: StepDefinition; outcomes: readonly ItemOutcome[]; baseUrl: string },
): void {
  const count = (matches: (outcome: ItemOutcome) => boolean): number => outcomes.filter(matches).length;
  const failed = count(({ kind }) => kind === 'failed');
  const replayed = count((outcome) => outcome.kind === 'done' && outcome.json.replayed === true);
  const [runId = null] = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [] : [String(outcome.json.runId)]));
  const parts = [
    `${step.displayName}: ${outcomes.length - failed} of ${outcomes.length} done`,
    replayed > 0 ? `${replayed} of them before` : null,
    failed > 0 ? `${failed} failed` : null,
  ].filter((part) => part !== null);
  const place = runId === null ? '' : ` The first run is ${runId}, at ${addressOfRun(baseUrl, runId)}.`;
  context.addExecutionHints({
    message: `${parts.join(', ')}.${place}`,
    type: failed > 0 ? 'warning' : 'info',
    location: 'outputPane',
  });
}
