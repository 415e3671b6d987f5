import type { INodeProperties } from 'n8n-workflow';

/** One step of onboarding as a node shows it. Adding a step is one of these in a small file of its own. */
export interface StepDefinition {
  /** As the router names it, in `POST /v1/onboarding/runs/{runId}/steps/{step}`. */
  readonly step: string;
  /** Of the node; never changed later, because saved workflows name it. */
  readonly name: string;
  readonly displayName: string;
  /** What the node does, for the panel; no dot at the end. */
  readonly description: string;
  /** Whether a run is opened here: the first step of a pipeline. */
  readonly opensRun?: boolean;
  /** Where something slow happens, the words for it. */
  readonly waitsFor: string;
}

export const runSource = { runId: 'runId', row: 'batchAndRow' } as const;

/** Which run an item is about: by its id, or by batch and row, which are the same run however often they are asked for. */
export function describeRunParameters(opensRun: boolean): INodeProperties[] {
  return [
    {
      displayName: 'Find Run By',
      name: 'runSource',
      type: 'options',
      noDataExpression: true,
      options: [
        {
          name: 'Batch and Row',
          value: runSource.row,
          description: 'Opens the run, or finds the one that this batch and row already have',
        },
        {
          name: 'Run ID',
          value: runSource.runId,
          description: 'As a step before this one answered it',
        },
      ],
      default: 'runId',
      ...(opensRun ? { default: runSource.row } : {}),
    },
    {
      displayName: 'Run ID',
      name: 'runId',
      type: 'string',
      default: '={{ $json.runId }}',
      required: true,
      description: 'Run of the location, as a step before this one answered it',
      displayOptions: { show: { runSource: [runSource.runId] } },
    },
    {
      displayName: 'Batch',
      name: 'batch',
      type: 'string',
      default: '={{ $json.batch }}',
      required: true,
      placeholder: 'e.g. spring-openings',
      description:
        'Name of your choice for these locations. The same batch and row is the same run: to run a workflow again does nothing twice.',
      displayOptions: { show: { runSource: [runSource.row] } },
    },
    {
      displayName: 'Row',
      name: 'row',
      type: 'json',
      default: '={{ $json.row }}',
      required: true,
      description: 'The location to bring on, as Validate Locations answered it',
      displayOptions: { show: { runSource: [runSource.row] } },
    },
  ];
}

export const waitMode = { poll: 'poll', resume: 'resume', none: 'none' } as const;

export const waitParameters: INodeProperties[] = [
  {
    displayName: 'When a Step Takes Long',
    name: 'waitMode',
    type: 'options',
    noDataExpression: true,
    options: [
      {
        name: 'Keep Asking',
        value: waitMode.poll,
        description: 'The node waits until every location is done, or the time in its options is over',
      },
      {
        name: 'Pass On as Waiting',
        value: waitMode.none,
        description: 'The item goes on with the status "waiting"; run the step again later',
      },
      {
        name: 'Put Execution to Wait',
        value: waitMode.resume,
        description:
          'The execution sleeps, and Switchyard wakes it when every location is done. Use it for long snapshots.',
      },
    ],
    default: 'poll',
  },
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    options: [
      {
        displayName: 'Max Wait (Minutes)',
        name: 'maxWaitMinutes',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: 1440 },
        default: 30,
        description:
          'After so long a location that still waits counts as failed; running the node again goes on with it',
      },
      {
        displayName: 'Parallel Calls',
        name: 'parallelCalls',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: 20 },
        default: 5,
        description: 'How many locations are worked on at the same time',
      },
    ],
  },
];
