import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Operation } from '../shared/describe-operation';
import { limitParameters } from '../shared/limit-parameters';
import { readId } from '../shared/read-parameters';
import type { SwitchyardRequest } from '../shared/transport';
import { keyOf, leadParameters, readLead } from './lead-fields';

const leadId: INodeProperties = {
  displayName: 'Lead ID',
  name: 'leadId',
  type: 'string',
  default: '={{ $json.leadId }}',
  required: true,
  placeholder: 'e.g. 0199a5e2-7b1c-7d3e-9f00-0123456789ab',
  description: 'As routing it answered',
};

const asObject = ({ body }: { body: unknown }): IDataObject => body as IDataObject;

const get: Operation = {
  option: {
    name: 'Get',
    value: 'get',
    action: 'Get lead',
    description: 'Look a lead up: who has it, why, and what happened since',
  },
  parameters: [leadId],
  request: (context, itemIndex) => ({ method: 'GET', path: `/v1/leads/${readId(context, 'leadId', itemIndex)}` }),
  read: asObject,
};

const anyOr = (values: readonly { readonly name: string; readonly value: string }[]): INodeProperties['options'] => [
  { name: 'Any', value: '' },
  ...values,
];

const getMany: Operation = {
  option: {
    name: 'Get Many',
    value: 'getAll',
    action: 'Get many leads',
    description: 'List leads, newest first, such as those that are parked',
  },
  parameters: [
    ...limitParameters,
    {
      displayName: 'Status',
      name: 'status',
      type: 'options',
      default: '',
      options: anyOr([
        { name: 'Assigned', value: 'assigned' },
        { name: 'Duplicate', value: 'duplicate' },
        { name: 'Parked', value: 'parked' },
      ]),
      description: 'Only leads with this outcome',
    },
    {
      displayName: 'From',
      name: 'from',
      type: 'string',
      default: '',
      placeholder: 'e.g. 2026-03-31',
      description: 'Only leads that came since; a date, or a time with its zone',
    },
  ],
};

const getDeliveries: Operation = {
  option: {
    name: 'Get Many Deliveries',
    value: 'getDeliveries',
    action: 'Get many deliveries',
    description: 'List how leads came into their sub-accounts, such as those that failed',
  },
  parameters: [
    ...limitParameters,
    {
      displayName: 'Delivery Status',
      name: 'deliveryStatus',
      type: 'options',
      default: 'failed',
      options: anyOr([
        { name: 'Delivered', value: 'delivered' },
        { name: 'Failed', value: 'failed' },
        { name: 'Pending', value: 'pending' },
      ]),
      description: 'Only deliveries that are so',
    },
  ],
};

const textOf = (context: IExecuteFunctions, name: string, itemIndex: number): string | undefined =>
  String(context.getNodeParameter(name, itemIndex, '')) || undefined;

/** What a list asks the router for; null for operations that list nothing. */
export function describeList(
  context: IExecuteFunctions,
  { option }: Operation,
): ((itemIndex: number) => Pick<SwitchyardRequest, 'path' | 'query'>) | null {
  if (option.value === 'getAll') {
    return (itemIndex) => ({
      path: '/v1/leads',
      query: { status: textOf(context, 'status', itemIndex), from: textOf(context, 'from', itemIndex) },
    });
  }
  if (option.value !== 'getDeliveries') return null;
  return (itemIndex) => ({
    path: '/v1/deliveries',
    query: { status: textOf(context, 'deliveryStatus', itemIndex) },
  });
}

const preview: Operation = {
  option: {
    name: 'Preview',
    value: 'preview',
    action: 'Preview lead',
    description: 'Say who would get a lead and why, without writing anything',
  },
  parameters: [
    ...leadParameters,
    {
      displayName: 'Count Seats Exactly',
      name: 'exact',
      type: 'boolean',
      default: false,
      description: "Whether today's taken seats are read from the database instead of a copy that is some seconds old",
    },
  ],
  request: (context, itemIndex) => ({
    method: 'POST',
    path: '/v1/leads/preview',
    query: { exact: context.getNodeParameter('exact', itemIndex, false) === true ? 'true' : undefined },
    body: readLead(context, itemIndex),
  }),
  read: asObject,
};

const decline: Operation = {
  option: {
    name: 'Decline',
    value: 'decline',
    action: 'Decline lead',
    description: 'Give a lead back: it goes to the next by the same rules',
  },
  parameters: [
    leadId,
    {
      displayName: 'Reason',
      name: 'reason',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. outside our trade',
      description: 'Why; kept on the time line of the lead',
    },
  ],
  request: (context, itemIndex) => ({
    method: 'POST',
    path: `/v1/leads/${readId(context, 'leadId', itemIndex)}/decline`,
    body: { reason: String(context.getNodeParameter('reason', itemIndex)) },
  }),
  read: asObject,
};

const setStatus: Operation = {
  option: {
    name: 'Set Status',
    value: 'setStatus',
    action: 'Set status of lead',
    description: 'Say that a lead was contacted, won or lost, where HighLevel does not tell it',
  },
  parameters: [
    leadId,
    {
      displayName: 'Status',
      name: 'status',
      type: 'options',
      default: 'contacted',
      options: [
        { name: 'Contacted', value: 'contacted' },
        { name: 'Lost', value: 'lost' },
        { name: 'Won', value: 'won' },
      ],
      description: 'How far the lead is; it only goes forward',
    },
  ],
  request: (context, itemIndex) => ({
    method: 'POST',
    path: `/v1/leads/${readId(context, 'leadId', itemIndex)}/status`,
    body: { status: String(context.getNodeParameter('status', itemIndex)) },
  }),
  read: asObject,
};

const reassign: Operation = {
  option: {
    name: 'Reassign',
    value: 'reassign',
    action: 'Reassign lead',
    description: 'Give a lead to another location by the same rules, without those that had it',
  },
  parameters: [
    leadId,
    {
      displayName: 'Reason',
      name: 'reason',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. nobody answered within a day',
      description: 'Why; kept on the time line of the lead',
    },
  ],
  request: (context, itemIndex) => ({
    method: 'POST',
    path: `/v1/leads/${readId(context, 'leadId', itemIndex)}/reassign`,
    body: { reason: String(context.getNodeParameter('reason', itemIndex)) },
  }),
  read: asObject,
};

const route: Operation = {
  option: {
    name: 'Route',
    value: 'route',
    action: 'Route lead',
    description: 'Send a lead to the right location and say why',
  },
  parameters: leadParameters,
  request: (context, itemIndex) => {
    const body = readLead(context, itemIndex);
    return { method: 'POST', path: '/v1/leads', body, ...keyOf([body]) };
  },
  read: asObject,
};

/** All items in as few calls as can be: execute-route-many.ts. */
const routeMany: Operation = {
  option: {
    name: 'Route Many',
    value: 'routeMany',
    action: 'Route many leads',
    description: 'Send all items in few calls; for thousands of leads',
  },
  parameters: leadParameters,
};

export const leadOperations: readonly Operation[] = [
  decline,
  get,
  getMany,
  getDeliveries,
  preview,
  reassign,
  route,
  routeMany,
  setStatus,
];
