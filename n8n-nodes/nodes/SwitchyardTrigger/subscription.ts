import type { IDataObject, IHookFunctions } from 'n8n-workflow';
import { toNodeError } from '../shared/results';
import { connect } from '../shared/transport';

interface Subscription {
  readonly subscriptionId: string;
  readonly targetUrl: string;
  readonly topics: readonly string[];
  readonly secret?: string;
}

/** Whether the subscription that this node remembers is still there, at this address and for these events. */
export async function checkExists(context: IHookFunctions): Promise<boolean> {
  const memory = context.getWorkflowStaticData('node');
  if (typeof memory.subscriptionId !== 'string' || typeof memory.secret !== 'string') return false;
  const switchyard = await connect(context as never);
  const path = `/v1/subscriptions/${encodeURIComponent(memory.subscriptionId)}`;
  const found = await switchyard.send({ method: 'GET', path });
  if (!found.ok && found.failure.httpStatus !== 404) throw toNodeError(context.getNode(), found.failure);
  const isSame = found.ok && describesSame(found.answer.body as Subscription, readWanted(context));
  if (!isSame) forget(memory);
  return isSame;
}

/** The same address again is the same subscription, so that listening twice leaves one. */
export async function create(context: IHookFunctions): Promise<boolean> {
  const switchyard = await connect(context as never);
  const wanted = readWanted(context);
  const created = await switchyard.send({ method: 'POST', path: '/v1/subscriptions', body: { ...wanted } });
  if (!created.ok) throw toNodeError(context.getNode(), created.failure);
  const { subscriptionId, secret } = created.answer.body as Subscription;
  const memory = context.getWorkflowStaticData('node');
  memory.subscriptionId = subscriptionId;
  memory.secret = secret;
  return true;
}

export async function remove(context: IHookFunctions): Promise<boolean> {
  const memory = context.getWorkflowStaticData('node');
  if (typeof memory.subscriptionId !== 'string') return true;
  const switchyard = await connect(context as never);
  const path = `/v1/subscriptions/${encodeURIComponent(memory.subscriptionId)}`;
  const removed = await switchyard.send({ method: 'DELETE', path });
  if (!removed.ok && removed.failure.httpStatus !== 404) throw toNodeError(context.getNode(), removed.failure);
  forget(memory);
  return true;
}

function forget(memory: IDataObject): void {
  delete memory.subscriptionId;
  delete memory.secret;
}

function readWanted(context: IHookFunctions): { targetUrl: string; topics: string[] } {
  return {
    targetUrl: context.getNodeWebhookUrl('default') ?? '',
    topics: context.getNodeParameter('events', []) as string[],
  };
}

function describesSame(found: Subscription, wanted: { targetUrl: string; topics: string[] }): boolean {
  const sort = (topics: readonly string[]): string => [...topics].sort().join(' ');
  return found.targetUrl === wanted.targetUrl && sort(found.topics) === sort(wanted.topics);
}
