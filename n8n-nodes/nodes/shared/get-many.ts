import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Failure } from './failure';
import { toFailedItem, toNodeError } from './results';
import type { Switchyard, SwitchyardRequest } from './transport';

const PAGE_SIZE = 100;
/** Of pages for one item: a list that does not end is a bug somewhere, and must not run for ever. */
const MAX_PAGES = 2000;

/** Lists page by page for each item in; every result is an item of its own, paired with the item that asked. */
export async function getMany(
  context: IExecuteFunctions,
  switchyard: Switchyard,
  describe: (itemIndex: number) => Pick<SwitchyardRequest, 'path' | 'query'>,
): Promise<INodeExecutionData[]> {
  const results: INodeExecutionData[] = [];
  for (const [itemIndex, { json: input }] of context.getInputData().entries()) {
    const returnAll = context.getNodeParameter('returnAll', itemIndex, false) === true;
    const limit = returnAll ? Infinity : Number(context.getNodeParameter('limit', itemIndex, 50));
    const listed = await list(switchyard, describe(itemIndex), limit);
    if ('failure' in listed) {
      if (!context.continueOnFail()) throw toNodeError(context.getNode(), listed.failure, itemIndex);
      results.push(toFailedItem(context, { failure: listed.failure, input, itemIndex }));
      continue;
    }
    for (const json of listed.items) results.push({ json, pairedItem: { item: itemIndex } });
  }
  return results;
}

type Listed = { readonly items: readonly IDataObject[] } | { readonly failure: Failure };

async function list(
  switchyard: Switchyard,
  { path, query }: Pick<SwitchyardRequest, 'path' | 'query'>,
  limit: number,
): Promise<Listed> {
  const found: IDataObject[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const pageSize = Math.min(PAGE_SIZE, limit - found.length);
    const sent = await switchyard.send({ method: 'GET', path, query: { ...query, cursor, limit: pageSize } });
    if (!sent.ok) return { failure: sent.failure };
    const { items, nextCursor } = sent.answer.body as { items: IDataObject[]; nextCursor: string | null };
    found.push(...items);
    if (nextCursor === null || nextCursor === undefined || found.length >= limit) break;
    cursor = nextCursor;
  }
  return { items: found };
}
