import {
  NodeConnectionTypes,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { describeMisuse } from '../shared/failure';
import { findRun } from '../shared/open-run';
import { runItems, type ItemOutcome } from '../shared/run-items';
import { addressOfRun } from '../shared/step-answer';
import { describeRunParameters } from '../shared/steps';
import { connect, parseRetryAfterMs, type Switchyard } from '../shared/transport';

const ROLL_BACK_TIMEOUT_MS = 90_000;
const MAX_WAIT_MS = 10 * 60_000;
const DEFAULT_RETRY_MS = 5000;

/** Undoes what a run did at HighLevel. Never by accident: it does nothing without the confirmation. */
export class RollBackLocation implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Roll Back Location',
    name: 'rollBackLocation',
    icon: { light: 'file:../../icons/roll-back.svg', dark: 'file:../../icons/roll-back.dark.svg' },
    group: ['transform'],
    version: [1],
    subtitle: '={{ $parameter["confirm"] ? "Confirmed" : "Not confirmed" }}',
    description: 'Undo what an onboarding run did: the sub-account it made is deleted, the record is switched off',
    defaults: { name: 'Roll Back Location' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'switchyardApi', required: true }],
    properties: [
      ...describeRunParameters(false),
      {
        displayName: 'Confirm Roll Back',
        name: 'confirm',
        type: 'boolean',
        default: false,
        description:
          'Whether the sub-accounts that these runs made are really to be deleted. A sub-account with contacts of its own is kept instead, and a task opened.',
      },
      {
        displayName: 'Parallel Calls',
        name: 'parallelCalls',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: 20 },
        default: 3,
        description: 'How many locations are worked on at the same time',
      },
    ],
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const switchyard = await connect(this, this.getExecutionCancelSignal());
    const items = await runItems(this, {
      parallelCalls: this.getNodeParameter('parallelCalls', 0, 3) as number,
      maxWaitMs: MAX_WAIT_MS,
      work: async (itemIndex) => await rollBack(this, switchyard, itemIndex),
    });
    return [items];
  }
}

async function rollBack(context: IExecuteFunctions, switchyard: Switchyard, itemIndex: number): Promise<ItemOutcome> {
  if (context.getNodeParameter('confirm', itemIndex, false) !== true) {
    const advice = "Switch 'Confirm Roll Back' on when these locations are really to be undone.";
    return { kind: 'failed', failure: describeMisuse('The roll back is not confirmed', advice) };
  }
  const found = await findRun(context, switchyard, itemIndex);
  if ('failure' in found) return { kind: 'failed', failure: found.failure };
  const { runId } = found;
  const runUrl = addressOfRun(switchyard.baseUrl, runId);
  const path = `/v1/onboarding/runs/${encodeURIComponent(runId)}/roll-back`;
  const outcome = await switchyard.send({ method: 'POST', path, timeoutMs: ROLL_BACK_TIMEOUT_MS });
  if (!outcome.ok) return { kind: 'failed', failure: outcome.failure, details: { runId, runUrl } };
  const { status, headers, body } = outcome.answer;
  const answered = body as IDataObject;
  const run = (answered.run ?? {}) as IDataObject;
  const json = {
    rowKey: run.rowKey ?? null,
    locationId: run.locationId ?? null,
    status: answered.status,
    replayed: answered.replayed === true,
    runId,
    batch: run.batch ?? null,
    tasks: Array.isArray(run.tasks) ? (run.tasks as IDataObject[]).filter((task) => task.status === 'open') : [],
    runUrl,
  };
  if (status !== 202) return { kind: 'done', json };
  const header = headers['retry-after'];
  const retryAfterMs = header === undefined ? DEFAULT_RETRY_MS : parseRetryAfterMs(header, Date.now());
  return { kind: 'waiting', json, retryAfterMs, waitsFor: String(answered.detail ?? 'the roll back') };
}
