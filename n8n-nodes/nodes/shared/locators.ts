import type { IDataObject, ILoadOptionsFunctions, INodeListSearchResult, INodeProperties } from 'n8n-workflow';
import { toNodeError } from './results';
import { connect } from './transport';

const PAGE_SIZE = 50;

interface ListSource {
  readonly path: string;
  readonly toEntry: (item: IDataObject) => { name: string; value: string };
}

/** A search of a resource locator: a page of the router's list, narrowed by what was typed. */
async function searchList(
  context: ILoadOptionsFunctions,
  { path, toEntry }: ListSource,
  { filter, cursor }: { filter: string | undefined; cursor: string | undefined },
): Promise<INodeListSearchResult> {
  const switchyard = await connect(context as never);
  const found = await switchyard.send({ method: 'GET', path, query: { query: filter, cursor, limit: PAGE_SIZE } });
  if (!found.ok) throw toNodeError(context.getNode(), found.failure);
  const { items = [], nextCursor } = found.answer.body as { items?: IDataObject[]; nextCursor?: string | null };
  return { results: items.map(toEntry), ...(nextCursor ? { paginationToken: nextCursor } : {}) };
}

export async function searchLocations(
  this: ILoadOptionsFunctions,
  filter?: string,
  paginationToken?: string,
): Promise<INodeListSearchResult> {
  const toEntry = ({ id, name, franchiseCode, active }: IDataObject) => ({
    name: `${String(name)} (${String(franchiseCode)})${active === false ? ', inactive' : ''}`,
    value: String(id),
  });
  return await searchList(this, { path: '/v1/locations', toEntry }, { filter, cursor: paginationToken });
}

export async function searchBatches(
  this: ILoadOptionsFunctions,
  filter?: string,
  paginationToken?: string,
): Promise<INodeListSearchResult> {
  const toEntry = ({ batchId, name, status }: IDataObject) => ({
    name: `${String(name)} (${String(status)})`,
    value: String(batchId),
  });
  return await searchList(this, { path: '/v1/onboarding/batches', toEntry }, { filter, cursor: paginationToken });
}

const UUID = '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}';

function describeLocator(options: {
  displayName: string;
  name: string;
  search: string;
  description: string;
}): INodeProperties {
  const { displayName, name, search, description } = options;
  return {
    displayName,
    name,
    type: 'resourceLocator',
    default: { mode: 'list', value: '' },
    required: true,
    description,
    modes: [
      {
        displayName: 'From List',
        name: 'list',
        type: 'list',
        typeOptions: { searchListMethod: search, searchable: true },
      },
      {
        displayName: 'By ID',
        name: 'id',
        type: 'string',
        placeholder: 'e.g. 0199a5e2-7b1c-7d3e-9f00-0123456789ab',
        validation: [
          {
            type: 'regex',
            properties: { regex: `^\\s*${UUID}\\s*$`, errorMessage: 'This is not an ID of Switchyard' },
          },
        ],
      },
    ],
  };
}

export const locationLocator = describeLocator({
  displayName: 'Location',
  name: 'locationId',
  search: 'searchLocations',
  description: 'The location, by name or franchise code',
});

export const batchLocator = describeLocator({
  displayName: 'Batch',
  name: 'batchId',
  search: 'searchBatches',
  description: 'The batch, by its name',
});
