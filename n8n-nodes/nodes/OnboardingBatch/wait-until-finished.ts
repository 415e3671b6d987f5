import {
  WAIT_INDEFINITELY,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  type IWebhookFunctions,
  type IWebhookResponseData,
} from 'n8n-workflow';
import { readId } from '../shared/read-parameters';
import { toNodeError } from '../shared/results';
import { runItems, type ItemOutcome } from '../shared/run-items';
import { connect, type Switchyard } from '../shared/transport';

const POLL_MS = 5000;
const MS_PER_MINUTE = 60_000;

/** A batch is over when it has an end, whatever became of its rows. */
function isOver(batch: IDataObject): boolean {
  return typeof batch.finishedAt === 'string';
}

/** Asks until each item's batch is over, or puts the execution to wait for the event that says so. */
export async function waitUntilFinished(
  context: IExecuteFunctions,
  switchyard: Switchyard,
): Promise<INodeExecutionData[]> {
  const isAsleep = context.getNodeParameter('waitMode', 0) === 'resume';
  const maxWaitMs = Number(context.getNodeParameter('maxWaitMinutes', 0, 120)) * MS_PER_MINUTE;
  const items = await runItems(context, {
    parallelCalls: 5,
    maxWaitMs: isAsleep ? 0 : maxWaitMs,
    work: async (itemIndex) => await readBatch(switchyard, readId(context, 'batchId', itemIndex)),
  });
  const waiting = items.find(({ json }) => json.error === undefined && !isOver(json));
  if (!isAsleep || !waiting) return items;
  const finished = await sleepUntilFinished(context, { switchyard, batchId: String(waiting.json.batchId) });
  if (finished) waiting.json = finished;
  return items;
}

async function readBatch(switchyard: Switchyard, batchId: string): Promise<ItemOutcome> {
  const sent = await switchyard.send({ method: 'GET', path: `/v1/onboarding/batches/${batchId}` });
  if (!sent.ok) return { kind: 'failed', failure: sent.failure };
  const batch = sent.answer.body as IDataObject;
  if (isOver(batch)) return { kind: 'done', json: batch };
  return { kind: 'waiting', json: batch, retryAfterMs: POLL_MS, waitsFor: `the batch ${String(batch.name ?? '')}` };
}

/**
 * Asks for one event, sent once, to this execution alone. A batch may have ended before the router knew whom to tell: it is
 * looked at once more, and then nothing is waited for.
 */
async function sleepUntilFinished(
  context: IExecuteFunctions,
  { switchyard, batchId }: { switchyard: Switchyard; batchId: string },
): Promise<IDataObject | null> {
  const targetUrl = String(context.evaluateExpression('{{ $execution.resumeUrl }}', 0));
  const body = { targetUrl, topics: ['batch.finished'], filter: { batchId }, once: true };
  const created = await switchyard.send({ method: 'POST', path: '/v1/subscriptions', body });
  if (!created.ok) throw toNodeError(context.getNode(), created.failure);
  const again = await readBatch(switchyard, encodeURIComponent(batchId));
  if (again.kind !== 'done') {
    await context.putExecutionToWait(WAIT_INDEFINITELY);
    return null;
  }
  const { subscriptionId } = created.answer.body as { subscriptionId: string };
  await switchyard.send({ method: 'DELETE', path: `/v1/subscriptions/${encodeURIComponent(subscriptionId)}` });
  return again.json;
}

/** The event names the batch; how it ended is asked for, since events carry no rows. */
export async function resumeWithBatch(context: IWebhookFunctions): Promise<IWebhookResponseData> {
  const { data } = context.getBodyData() as { data?: { batchId?: string } };
  const switchyard = await connect(context as never);
  const batchId = encodeURIComponent(String(data?.batchId ?? ''));
  const sent = await switchyard.send({ method: 'GET', path: `/v1/onboarding/batches/${batchId}` });
  if (!sent.ok) throw toNodeError(context.getNode(), sent.failure);
  return {
    webhookResponse: { status: 'resumed' },
    workflowData: [[{ json: sent.answer.body as IDataObject, pairedItem: { item: 0 } }]],
  };
}
