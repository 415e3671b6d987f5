import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { describeAnswer } from './failure';
import { toFailedItem } from './results';
import { summariseStep } from './step-answer';
import { connect } from './transport';

/** What became of an item whose execution slept: as it was, done, or failed. */
interface WaitResult {
  readonly item: IDataObject;
  readonly answer: IDataObject | null;
  readonly problem: (IDataObject & { status?: number }) | null;
}

/** The router's call when the steps that an execution waits for are over: its items take the place of those that waited. */
export async function resumeStep(context: IWebhookFunctions): Promise<IWebhookResponseData> {
  const { results } = context.getBodyData() as { results?: WaitResult[] };
  const sent = Array.isArray(results) ? results : [];
  const { baseUrl } = await connect(context as never);
  const items = sent.map((result, itemIndex) => toItem(context, { result, itemIndex, baseUrl }));
  const isErrorOutput = context.getNode().onError === 'continueErrorOutput';
  const workflowData = isErrorOutput ? [items.filter((item) => !hasFailed(item)), items.filter(hasFailed)] : [items];
  return { webhookResponse: { status: 'resumed', items: items.length }, workflowData };
}

function toItem(
  context: IWebhookFunctions,
  { result, itemIndex, baseUrl }: { result: WaitResult; itemIndex: number; baseUrl: string },
): INodeExecutionData {
  const { item, answer, problem } = result;
  if (answer) return { json: summariseStep(answer, baseUrl), pairedItem: { item: itemIndex } };
  if (!problem) return { json: item, pairedItem: { item: itemIndex } };
  const failure = describeAnswer({ status: problem.status ?? 0, headers: {}, body: problem }, baseUrl);
  const { json } = toFailedItem(context, { failure, input: item, itemIndex });
  // The engine merges the row in after a node has run, not after it was resumed.
  return { json: { ...item, ...json }, pairedItem: { item: itemIndex } };
}

function hasFailed({ json }: INodeExecutionData): boolean {
  return typeof json.error === 'string' && json.error !== '';
}
