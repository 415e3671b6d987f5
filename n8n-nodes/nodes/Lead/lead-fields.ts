import { randomUUID } from 'node:crypto';
import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { Misuse } from '../shared/failure';
import { dropBlanks, parseObject } from '../shared/read-parameters';
import type { SwitchyardRequest } from '../shared/transport';

const leadFieldParameters: INodeProperties[] = [
  { displayName: 'Address', name: 'address', type: 'string', default: '', placeholder: 'e.g. 12 Main Street' },
  { displayName: 'City', name: 'city', type: 'string', default: '' },
  { displayName: 'Country', name: 'country', type: 'string', default: '', placeholder: 'e.g. US' },
  { displayName: 'Email', name: 'email', type: 'string', placeholder: 'name@email.com', default: '' },
  { displayName: 'First Name', name: 'firstName', type: 'string', default: '' },
  { displayName: 'Last Name', name: 'lastName', type: 'string', default: '' },
  {
    displayName: 'Latitude',
    name: 'lat',
    type: 'number',
    typeOptions: { numberPrecision: 6 },
    default: 0,
    description: 'Counts together with Longitude',
  },
  {
    displayName: 'Location',
    name: 'location',
    type: 'string',
    default: '',
    description: 'Names the location that the lead asked for: our ID, its franchise code or its sub-account',
  },
  {
    displayName: 'Longitude',
    name: 'lng',
    type: 'number',
    typeOptions: { numberPrecision: 6 },
    default: 0,
    description: 'Counts together with Latitude',
  },
  {
    displayName: 'Metadata',
    name: 'metadata',
    type: 'json',
    default: '{}',
    description: 'More about the lead, as a flat object that is kept with it',
  },
  { displayName: 'Phone', name: 'phone', type: 'string', default: '', placeholder: 'e.g. (617) 555-0123' },
  {
    displayName: 'Postal Code',
    name: 'postalCode',
    type: 'string',
    default: '',
    placeholder: 'e.g. 02134',
    description: 'ZIP or Canadian postal code; the best that most forms know of the place',
  },
  {
    displayName: 'Score',
    name: 'score',
    type: 'number',
    typeOptions: { minValue: 0, maxValue: 1000 },
    default: 0,
    description: 'What the lead is worth, as your forms or ads measure it',
  },
  {
    displayName: 'Service',
    name: 'service',
    type: 'string',
    default: '',
    placeholder: 'e.g. leak-repair',
    description: 'Only locations that offer it are asked',
  },
  { displayName: 'State', name: 'state', type: 'string', default: '', placeholder: 'e.g. MA' },
];

export const inputMode = { fields: 'fields', json: 'json' } as const;

/** How an item becomes a lead: field by field, or a whole JSON object. */
export const leadParameters: INodeProperties[] = [
  {
    displayName: 'Lead Given As',
    name: 'leadInput',
    type: 'options',
    noDataExpression: true,
    options: [
      { name: 'Fields', value: inputMode.fields, description: 'Map each field from the item' },
      { name: 'JSON', value: inputMode.json, description: 'A whole lead as the API takes it' },
    ],
    default: 'fields',
  },
  {
    displayName: 'Source',
    name: 'source',
    type: 'string',
    default: 'n8n',
    required: true,
    placeholder: 'e.g. website',
    description: 'Where the lead comes from; letters, digits, dots, colons, dashes and underscores only',
    displayOptions: { show: { leadInput: [inputMode.fields] } },
  },
  {
    displayName: 'External ID',
    name: 'externalId',
    type: 'string',
    default: '',
    placeholder: 'e.g. {{ $json.formId }}',
    description:
      "The source's own ID of the lead. The same source and ID again get the first answer, so a rerun never sends a lead twice.",
    displayOptions: { show: { leadInput: [inputMode.fields] } },
  },
  {
    displayName: 'Lead Fields',
    name: 'leadFields',
    type: 'collection',
    placeholder: 'Add field',
    default: {},
    options: leadFieldParameters,
    displayOptions: { show: { leadInput: [inputMode.fields] } },
  },
  {
    displayName: 'Lead',
    name: 'lead',
    type: 'json',
    default: '={{ $json }}',
    required: true,
    description: 'A lead as the API takes it, with at least a source',
    displayOptions: { show: { leadInput: [inputMode.json] } },
  },
];

/** A lead without an id of its own is known by a key for as long as this request is tried. */
export function keyOf(leads: readonly IDataObject[]): Pick<SwitchyardRequest, 'headers'> {
  const isKnown = leads.every(({ externalId }) => typeof externalId === 'string' && externalId !== '');
  return isKnown ? {} : { headers: { 'Idempotency-Key': randomUUID() } };
}

/** The lead that an item stands for, as `POST /v1/leads` takes it. */
export function readLead(context: IExecuteFunctions, itemIndex: number): IDataObject {
  if (context.getNodeParameter('leadInput', itemIndex) === inputMode.json) {
    const lead = parseObject(context.getNodeParameter('lead', itemIndex, null));
    if (lead) return lead;
    throw new Misuse(
      "The item has no object for 'Lead'",
      'Map a JSON object, for example {{ $json }}, or choose to give the lead as fields.',
    );
  }
  const fields = context.getNodeParameter('leadFields', itemIndex, {}) as IDataObject;
  const { lng, lat, metadata, ...plain } = dropBlanks(fields);
  const isPlaced = lng !== undefined && lat !== undefined;
  const parsed = metadata === undefined ? null : parseObject(metadata);
  const texts = Object.entries(plain).map(([name, value]) => [name, name === 'score' ? Number(value) : String(value)]);
  return dropBlanks({
    source: String(context.getNodeParameter('source', itemIndex)).trim(),
    externalId: String(context.getNodeParameter('externalId', itemIndex, '')).trim(),
    ...(Object.fromEntries(texts) as IDataObject),
    ...(isPlaced ? { coordinates: { lng: Number(lng), lat: Number(lat) } } : {}),
    ...(parsed && Object.keys(parsed).length > 0 ? { metadata: parsed } : {}),
  });
}
