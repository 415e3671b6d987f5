// One item out for each item in, in order: several at once, those that must wait asked again when they said, and nothing dropped.
import { sleep, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import { describeMisuse, type Failure } from './failure';
import { mapInOrder } from './parallel';
import { toFailedItem, toNodeError } from './results';

export type ItemOutcome =
  | { readonly kind: 'done'; readonly json: IDataObject }
  /** Under way at the router, which wants to be asked again. */
  | { readonly kind: 'waiting'; readonly json: IDataObject; readonly retryAfterMs: number; readonly waitsFor: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly details?: IDataObject };

export interface ItemRun {
  readonly parallelCalls: number;
  /** How long to go on asking for items that wait; 0 asks once and passes them on as they are. */
  readonly maxWaitMs: number;
  readonly work: (itemIndex: number) => Promise<ItemOutcome>;
}

const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;

/** Throws the first failure, unless the node is set to continue: then each failed item takes its place among the others. */
export async function runItems(context: IExecuteFunctions, run: ItemRun): Promise<INodeExecutionData[]> {
  const outcomes = await collectOutcomes(context, run);
  const items = context.getInputData();
  return outcomes.map((outcome, itemIndex): INodeExecutionData => {
    if (outcome.kind !== 'failed') return { json: outcome.json, pairedItem: { item: itemIndex } };
    const input = items[itemIndex]?.json ?? {};
    return toFailedItem(context, { ...outcome, input, itemIndex });
  });
}

export async function collectOutcomes(context: IExecuteFunctions, run: ItemRun): Promise<ItemOutcome[]> {
  const signal = context.getExecutionCancelSignal();
  const deadlineMs = Date.now() + run.maxWaitMs;
  const outcomes: ItemOutcome[] = [];
  let dueItems = context.getInputData().map((_, index) => index);
  const attempt = createAttempt(context, run);
  for (;;) {
    const asked = await mapInOrder(dueItems, run.parallelCalls, attempt);
    const askedAtMs = Date.now();
    for (const [place, outcome] of asked.entries()) outcomes[dueItems[place] as number] = outcome;
    const waiting = dueItems.filter((index) => outcomes[index]?.kind === 'waiting');
    if (waiting.length === 0 || run.maxWaitMs === 0 || signal?.aborted) return outcomes;
    if (askedAtMs >= deadlineMs) return outcomes.map((outcome) => giveUpWaiting(context, outcome, run.maxWaitMs));
    await sleep(Math.min(shortestWait(waiting.map((index) => outcomes[index])), deadlineMs - askedAtMs));
    dueItems = waiting;
  }
}

function shortestWait(waiting: readonly (ItemOutcome | undefined)[]): number {
  const waits = waiting.flatMap((outcome) => (outcome?.kind === 'waiting' ? [outcome.retryAfterMs] : []));
  return Math.max(SHORTEST_WAIT_MS, Math.min(LONGEST_WAIT_MS, ...waits));
}

/** With a wrong key or a router that is down, the items to come fail at once with the same words: nobody waits for 5,000 of them. */
function createAttempt(context: IExecuteFunctions, run: ItemRun): (itemIndex: number) => Promise<ItemOutcome> {
  const continues = context.continueOnFail();
  let failureOfAll: Failure | null = null;
  return async (itemIndex) => {
    if (failureOfAll) return { kind: 'failed', failure: failureOfAll };
    const outcome = await run.work(itemIndex);
    if (outcome.kind !== 'failed') return outcome;
    if (outcome.failure.isForAll) failureOfAll = outcome.failure;
    if (!continues) throw toNodeError(context.getNode(), outcome.failure, itemIndex);
    return outcome;
  };
}

function giveUpWaiting(context: IExecuteFunctions, outcome: ItemOutcome, maxWaitMs: number): ItemOutcome {
  if (outcome.kind !== 'waiting') return outcome;
  const minutes = Math.round(maxWaitMs / 60_000);
  const failure: Failure = {
    ...describeMisuse(
      `Still waiting for ${outcome.waitsFor} after ${minutes} minutes`,
      "Nothing is lost: the router goes on from here. Run this node again later, or raise 'Max Wait' in its options.",
    ),
    code: 'still_waiting',
    retryable: true,
  };
  if (!context.continueOnFail()) throw toNodeError(context.getNode(), failure);
  return { kind: 'failed', failure, details: { ...outcome.json } };
}
