import {
  NodeConnectionTypes,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { parseObject } from '../shared/read-parameters';
import { toFailedItem, toNodeError } from '../shared/results';
import { connect, type Switchyard } from '../shared/transport';

/** What the router takes in one call. */
const ADDRESSES_PER_CALL = 1000;
const TIMEOUT_MS = 60_000;
const GEO_CONFIDENCES = ['rooftop', 'zip', 'city', 'state'];

export class GeocodeLocation implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Geocode Location',
    name: 'geocodeLocation',
    icon: { light: 'file:../../icons/geocode.svg', dark: 'file:../../icons/geocode.dark.svg' },
    group: ['transform'],
    version: [1],
    subtitle: '={{ $parameter["writeIntoRow"] ? "Write into row" : "Look up" }}',
    description:
      'Find where addresses are: by the US Census, else by postal code, city or state, and say how well it is known',
    defaults: { name: 'Geocode Location' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'switchyardApi', required: true }],
    properties: [
      {
        displayName: 'Address',
        name: 'address',
        type: 'string',
        default: '={{ $json.row ? $json.row.address : $json["Address"] }}',
        placeholder: 'e.g. 12 Main Street',
      },
      {
        displayName: 'City',
        name: 'city',
        type: 'string',
        default: '={{ $json.row ? $json.row.city : $json["City"] }}',
      },
      {
        displayName: 'State',
        name: 'state',
        type: 'string',
        default: '={{ $json.row ? $json.row.state : $json["State"] }}',
        placeholder: 'e.g. MA',
      },
      {
        displayName: 'Postal Code',
        name: 'postalCode',
        type: 'string',
        default: '={{ $json.row ? $json.row.postalCode : $json["Zip Code"] }}',
        placeholder: 'e.g. 02134',
      },
      {
        displayName: 'Write Into Row',
        name: 'writeIntoRow',
        type: 'boolean',
        default: true,
        description:
          "Whether a point that is better known than that of the item's row is written into it, so that the steps after this use it",
      },
    ],
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const items = this.getInputData();
    if (items.length === 0) return [[]];
    const switchyard = await connect(this, this.getExecutionCancelSignal());
    const results: INodeExecutionData[] = [];
    for (let start = 0; start < items.length; start += ADDRESSES_PER_CALL) {
      const indexes = [...items.keys()].slice(start, start + ADDRESSES_PER_CALL);
      results.push(...(await geocode(this, switchyard, indexes)));
    }
    return [results];
  }
}

async function geocode(
  context: IExecuteFunctions,
  switchyard: Switchyard,
  indexes: readonly number[],
): Promise<INodeExecutionData[]> {
  const read = (name: string, itemIndex: number) => String(context.getNodeParameter(name, itemIndex, '') ?? '').trim();
  const addresses = indexes.map((itemIndex) => ({
    id: String(itemIndex),
    address: read('address', itemIndex),
    city: read('city', itemIndex),
    state: read('state', itemIndex),
    postalCode: read('postalCode', itemIndex),
  }));
  const sent = await switchyard.send({
    method: 'POST',
    path: '/v1/onboarding/geocode',
    body: { addresses },
    timeoutMs: TIMEOUT_MS,
  });
  const inputs = context.getInputData();
  if (!sent.ok) {
    if (!context.continueOnFail()) throw toNodeError(context.getNode(), sent.failure);
    const { failure } = sent;
    return indexes.map((itemIndex) =>
      toFailedItem(context, { failure, input: inputs[itemIndex]?.json ?? {}, itemIndex }),
    );
  }
  const { items } = sent.answer.body as { items: IDataObject[] };
  return indexes.map((itemIndex, place) => {
    const isWritten = context.getNodeParameter('writeIntoRow', itemIndex, true) === true;
    const json = mergePlace(inputs[itemIndex]?.json ?? {}, items[place] ?? {}, isWritten);
    return { json, pairedItem: { item: itemIndex } };
  });
}

function mergePlace(input: IDataObject, found: IDataObject, isWritten: boolean): IDataObject {
  const { outcome, coordinates, geoConfidence, timezone, matchedAddress } = found;
  const geocoding = { outcome, coordinates, geoConfidence, timezone, matchedAddress };
  const row = parseObject(input.row);
  const isUseful = isWritten && row !== null && rank(geoConfidence) < rank(row.geoConfidence);
  return { ...input, ...(isUseful ? { row: { ...row, coordinates, geoConfidence } } : {}), geocoding };
}

/** How well a point is known, best first; a point that is not there is last. */
function rank(geoConfidence: unknown): number {
  const place = GEO_CONFIDENCES.indexOf(String(geoConfidence));
  return place === -1 ? GEO_CONFIDENCES.length : place;
}
