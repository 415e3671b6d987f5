import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  type IWebhookFunctions,
  type IWebhookResponseData,
} from 'n8n-workflow';
import { describeOperations, executeForEachItem, findOperation, isForEachItem } from '../shared/describe-operation';
import { getMany } from '../shared/get-many';
import { searchBatches } from '../shared/locators';
import { readId } from '../shared/read-parameters';
import { resumeWebhooks } from '../shared/resume-webhooks';
import { connect } from '../shared/transport';
import { batchOperations, rowOperations } from './operations';
import { resumeWithBatch, waitUntilFinished } from './wait-until-finished';

export class OnboardingBatch implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Onboarding Batch',
    name: 'onboardingBatch',
    icon: { light: 'file:../../icons/batch.svg', dark: 'file:../../icons/batch.dark.svg' },
    group: ['transform'],
    version: [1],
    subtitle:
      '={{ { get: "Get", getAll: "Get Many Rows", pause: "Pause", plan: "Plan", resume: "Resume", retryFailed: "Retry Failed Rows", rollBack: "Roll Back", submit: "Submit", waitUntilFinished: "Wait Until Finished" }[$parameter["operation"]] }}',
    description: 'Bring on many locations at once: Switchyard does the steps, and n8n plans, watches and reports',
    defaults: { name: 'Onboarding Batch' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'switchyardApi', required: true }],
    webhooks: resumeWebhooks,
    waitingNodeTooltip: 'Switchyard wakes this execution when the batch is over.',
    properties: [
      {
        displayName: 'Resource',
        name: 'resource',
        type: 'options',
        noDataExpression: true,
        options: [
          { name: 'Batch', value: 'batch' },
          { name: 'Row', value: 'row' },
        ],
        default: 'batch',
      },
      ...describeOperations({ resource: 'batch', operations: batchOperations }),
      ...describeOperations({ resource: 'row', operations: rowOperations }),
    ],
  };

  methods = { listSearch: { searchBatches } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const switchyard = await connect(this, this.getExecutionCancelSignal());
    const isRow = this.getNodeParameter('resource', 0) === 'row';
    const operation = findOperation(isRow ? rowOperations : batchOperations, this.getNodeParameter('operation', 0));
    if (isForEachItem(operation)) return [await executeForEachItem(this, { switchyard, operation })];
    if (!isRow) return [await waitUntilFinished(this, switchyard)];
    const describe = (itemIndex: number) => ({
      path: `/v1/onboarding/batches/${readId(this, 'batchId', itemIndex)}/rows`,
      query: { status: String(this.getNodeParameter('status', itemIndex, '')) },
    });
    return [await getMany(this, switchyard, describe)];
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeWithBatch(this);
  }
}
