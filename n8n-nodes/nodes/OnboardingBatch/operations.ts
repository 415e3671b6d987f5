import type { IDataObject, INodeProperties } from 'n8n-workflow';
import type { Operation } from '../shared/describe-operation';
import { Misuse } from '../shared/failure';
import { limitParameters } from '../shared/limit-parameters';
import { batchLocator } from '../shared/locators';
import { parseObject, readId } from '../shared/read-parameters';
import { summarisePlan } from '../shared/read-plan';

const PLAN_TIMEOUT_MS = 60_000;

export function summariseBatch({ body }: { body: unknown }): IDataObject {
  return body as IDataObject;
}

function describeAction(action: {
  name: string;
  value: string;
  action: string;
  description: string;
  path: string;
  body?: IDataObject;
}): Operation {
  const { path, body, ...option } = action;
  return {
    option,
    parameters: [batchLocator],
    request: (context, itemIndex) => ({
      method: 'POST',
      path: `/v1/onboarding/batches/${readId(context, 'batchId', itemIndex)}/${path}`,
      ...(body ? { body } : {}),
    }),
    read: summariseBatch,
  };
}

const get: Operation = {
  option: {
    name: 'Get',
    value: 'get',
    action: 'Get batch',
    description: 'Say how far a batch is: rows by status, steps, times',
  },
  parameters: [batchLocator],
  request: (context, itemIndex) => ({
    method: 'GET',
    path: `/v1/onboarding/batches/${readId(context, 'batchId', itemIndex)}`,
  }),
  read: summariseBatch,
};

const pause = describeAction({
  name: 'Pause',
  value: 'pause',
  action: 'Pause batch',
  description: 'Begin no further step; what is under way ends',
  path: 'pause',
});

const resume = describeAction({
  name: 'Resume',
  value: 'resume',
  action: 'Resume batch',
  description: 'Go on with a batch that was paused',
  path: 'resume',
});

const rowsField: INodeProperties = {
  displayName: 'Rows',
  name: 'rows',
  type: 'json',
  default: '={{ $input.all().map(item => item.json) }}',
  required: true,
  description: 'The locations as a list of objects, one for each row of a sheet',
  displayOptions: { show: { planSource: ['rows'] } },
};

const plan: Operation = {
  option: {
    name: 'Plan',
    value: 'plan',
    action: 'Plan batch',
    description: 'Check a file and say what would be done, how many calls and minutes it takes',
  },
  parameters: [
    {
      displayName: 'Locations Come From',
      name: 'planSource',
      type: 'options',
      noDataExpression: true,
      options: [
        { name: 'CSV Text', value: 'csv', description: 'The text of a file, as from the node Extract From File' },
        { name: 'Rows', value: 'rows', description: 'A list of objects' },
      ],
      default: 'csv',
    },
    {
      displayName: 'CSV Text',
      name: 'csv',
      type: 'string',
      typeOptions: { rows: 4 },
      default: '={{ $json.data }}',
      required: true,
      description: 'The whole file, its headings first',
      displayOptions: { show: { planSource: ['csv'] } },
    },
    rowsField,
    {
      displayName: 'Invalid Rows',
      name: 'onInvalid',
      type: 'options',
      options: [
        { name: 'Reject the File', value: 'reject', description: 'Nothing is submitted until every row is valid' },
        { name: 'Skip Them', value: 'skip', description: 'The valid rows may go on without them' },
      ],
      default: 'reject',
    },
  ],
  request: (context, itemIndex) => {
    const onInvalid = String(context.getNodeParameter('onInvalid', itemIndex));
    const common = { method: 'POST', path: '/v1/onboarding/plan', timeoutMs: PLAN_TIMEOUT_MS } as const;
    if (context.getNodeParameter('planSource', itemIndex) === 'csv') {
      const body = String(context.getNodeParameter('csv', itemIndex, '') ?? '');
      if (body.trim() === '') {
        throw new Misuse(
          "The item has nothing for 'CSV Text'",
          "Put 'Extract From File' before this node, or map the text of the file.",
        );
      }
      return { ...common, query: { onInvalid }, body, contentType: 'text/csv; charset=utf-8' };
    }
    const rows = readRows(context.getNodeParameter('rows', itemIndex, null));
    return { ...common, body: { rows, onInvalid } };
  },
  read: ({ body }) => summarisePlan(body as IDataObject),
};

function readRows(value: unknown): IDataObject[] {
  const list: unknown = typeof value === 'string' ? parseList(value) : value;
  if (Array.isArray(list)) return list.map((row: unknown) => parseObject(row) ?? {});
  throw new Misuse(
    "The item has no list for 'Rows'",
    'Map a list of objects, for example {{ $input.all().map(item => item.json) }}.',
  );
}

function parseList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const rollBack: Operation = {
  ...describeAction({
    name: 'Roll Back',
    value: 'rollBack',
    action: 'Roll back batch',
    description: 'Undo what a batch did: the sub-accounts it made are deleted',
    path: 'roll-back',
  }),
  parameters: [
    batchLocator,
    {
      displayName: 'Rows',
      name: 'rollBackRows',
      type: 'options',
      options: [
        { name: 'All', value: 'all', description: 'The locations that were brought on, too' },
        { name: 'Unfinished', value: 'unfinished', description: 'Only those that did not get to the end' },
      ],
      default: 'unfinished',
    },
    {
      displayName: 'Confirm Roll Back',
      name: 'confirm',
      type: 'boolean',
      default: false,
      description: 'Whether the sub-accounts that this batch made are really to be deleted',
    },
  ],
  request: (context, itemIndex) => {
    if (context.getNodeParameter('confirm', itemIndex, false) !== true) {
      throw new Misuse(
        'The roll back is not confirmed',
        "Switch 'Confirm Roll Back' on when the whole batch is really to be undone.",
      );
    }
    return {
      method: 'POST',
      path: `/v1/onboarding/batches/${readId(context, 'batchId', itemIndex)}/roll-back`,
      body: { rows: String(context.getNodeParameter('rollBackRows', itemIndex, 'unfinished')) },
    };
  },
};

const submit: Operation = {
  option: {
    name: 'Submit',
    value: 'submit',
    action: 'Submit batch',
    description: 'Bring on the locations of a plan; Switchyard does the work, and this answers at once',
  },
  parameters: [
    {
      displayName: 'Plan ID',
      name: 'planId',
      type: 'string',
      default: '={{ $json.planId }}',
      required: true,
      description: 'As the operation Plan answered it',
    },
    {
      displayName: 'Name',
      name: 'name',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. spring-openings',
      description: 'Name of your choice. The same name and plan again is the same batch.',
    },
  ],
  request: (context, itemIndex) => ({
    method: 'POST',
    path: '/v1/onboarding/batches',
    body: {
      planId: String(context.getNodeParameter('planId', itemIndex)).trim(),
      name: String(context.getNodeParameter('name', itemIndex)).trim(),
    },
  }),
  read: summariseBatch,
};

/** Waits: wait-until-finished.ts. */
const waitUntilFinished: Operation = {
  option: {
    name: 'Wait Until Finished',
    value: 'waitUntilFinished',
    action: 'Wait until batch is finished',
    description: 'Go on when every row of a batch is active or has failed',
  },
  parameters: [
    batchLocator,
    {
      displayName: 'While Waiting',
      name: 'waitMode',
      type: 'options',
      noDataExpression: true,
      options: [
        { name: 'Keep Asking', value: 'poll', description: 'The node asks until the batch is over, or its time is' },
        {
          name: 'Put Execution to Wait',
          value: 'resume',
          description: 'The execution sleeps, and Switchyard wakes it when the batch is over; for one batch at a time',
        },
      ],
      default: 'resume',
    },
    {
      displayName: 'Max Wait (Minutes)',
      name: 'maxWaitMinutes',
      type: 'number',
      typeOptions: { minValue: 1, maxValue: 1440 },
      default: 120,
      description: 'After so long the batch counts as failed here; it goes on in Switchyard',
      displayOptions: { show: { waitMode: ['poll'] } },
    },
  ],
};

export const batchOperations: readonly Operation[] = [get, pause, plan, resume, rollBack, submit, waitUntilFinished];

/** Several items out for one in. */
const getManyRows: Operation = {
  option: {
    name: 'Get Many',
    value: 'getAll',
    action: 'Get many rows',
    description: 'List the rows of a batch, such as those that failed',
  },
  parameters: [
    batchLocator,
    ...limitParameters,
    {
      displayName: 'Status',
      name: 'status',
      type: 'options',
      options: [
        { name: 'Any', value: '' },
        { name: 'At Work', value: 'active', description: 'Calls HighLevel now' },
        { name: 'Cancelled', value: 'cancelled' },
        { name: 'Failed', value: 'failed' },
        { name: 'Queued', value: 'queued' },
        { name: 'Rolled Back', value: 'rolled_back' },
        {
          name: 'Rolled Back with Tasks',
          value: 'rolled_back_with_tasks',
          description: 'Something is left for a person',
        },
        { name: 'Succeeded', value: 'succeeded', description: 'The location is active' },
        { name: 'Waiting', value: 'waiting', description: 'For a snapshot, or for another try' },
      ],
      default: 'failed',
    },
  ],
};

const retryFailed = describeAction({
  name: 'Retry Failed',
  value: 'retryFailed',
  action: 'Retry failed rows',
  description: 'Take up every failed row of a batch again, from the step where it failed',
  path: 'retry',
  body: {},
});

export const rowOperations: readonly Operation[] = [getManyRows, retryFailed];
