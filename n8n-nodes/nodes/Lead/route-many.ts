import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import { describeAnswer, Misuse, type Failure } from '../shared/failure';
import { mapInOrder } from '../shared/parallel';
import { toFailedItem, toNodeError } from '../shared/results';
import type { Switchyard } from '../shared/transport';
import { keyOf, readLead } from './lead-fields';

/** What the router takes in one call. */
const LEADS_PER_CALL = 500;
const PARALLEL_CALLS = 2;
const TIMEOUT_MS = 60_000;

type Routed = { readonly lead: IDataObject } | { readonly failure: Failure };

/** Every item's lead, 500 in a call; one item out for each, in order. */
export async function routeMany(context: IExecuteFunctions, switchyard: Switchyard): Promise<INodeExecutionData[]> {
  const items = context.getInputData();
  const starts = Array.from({ length: Math.ceil(items.length / LEADS_PER_CALL) }, (_, call) => call * LEADS_PER_CALL);
  const calls = await mapInOrder(starts, PARALLEL_CALLS, async (start) => {
    const end = Math.min(start + LEADS_PER_CALL, items.length);
    const leads = Array.from({ length: end - start }, (_, place) => readOrRefuse(context, start + place));
    const routed = await routeBatch(switchyard, leads);
    const failed = routed.findIndex((one) => 'failure' in one);
    const first = routed[failed];
    if (first && 'failure' in first && !context.continueOnFail()) {
      throw toNodeError(context.getNode(), first.failure, start + failed);
    }
    return routed;
  });
  return calls.flat().map((one, itemIndex) => {
    if ('lead' in one) return { json: one.lead, pairedItem: { item: itemIndex } };
    return toFailedItem(context, { failure: one.failure, input: items[itemIndex]?.json ?? {}, itemIndex });
  });
}

/** A lead, or why the item is none. */
type ReadLead = { readonly lead: IDataObject } | { readonly failure: Failure };

function readOrRefuse(context: IExecuteFunctions, itemIndex: number): ReadLead {
  try {
    return { lead: readLead(context, itemIndex) };
  } catch (error) {
    if (error instanceof Misuse) return { failure: error.failure };
    throw new NodeOperationError(context.getNode(), error as Error, { itemIndex });
  }
}

async function routeBatch(switchyard: Switchyard, read: readonly ReadLead[]): Promise<Routed[]> {
  const leads = read.flatMap((one) => ('lead' in one ? [one.lead] : []));
  const routed = leads.length > 0 ? await sendLeads(switchyard, leads) : [];
  const inOrder = routed.values();
  return read.map((one) => ('failure' in one ? one : (inOrder.next().value as Routed)));
}

async function sendLeads(switchyard: Switchyard, leads: IDataObject[]): Promise<Routed[]> {
  const sent = await switchyard.send({
    method: 'POST',
    path: '/v1/leads/batch',
    body: { leads },
    ...keyOf(leads),
    timeoutMs: TIMEOUT_MS,
  });
  if (!sent.ok) return leads.map(() => ({ failure: sent.failure }));
  const { items } = sent.answer.body as { items: { status: number; lead?: IDataObject; problem?: IDataObject }[] };
  return items.map(({ status, lead, problem }): Routed => {
    if (lead) return { lead };
    return { failure: describeAnswer({ status, headers: {}, body: problem }, switchyard.baseUrl) };
  });
}
