import type {
  IExecuteFunctions,
  INodeExecutionData,
  INodeType,
  INodeTypeDescription,
  IWebhookFunctions,
  IWebhookResponseData,
} from 'n8n-workflow';
import { describeStep } from '../shared/describe-step';
import { executeStep } from '../shared/execute-step';
import { resumeStep } from '../shared/resume-step';
import type { StepDefinition } from '../shared/steps';

const step: StepDefinition = {
  step: 'apply-snapshot',
  name: 'applySnapshot',
  displayName: 'Apply Snapshot',
  description: "Wait until the brand's snapshot has loaded into the sub-account",
  waitsFor: 'the snapshot',
};

export class ApplySnapshot implements INodeType {
  description: INodeTypeDescription = {
    ...describeStep(step),
    subtitle: 'Step 3 of 7',
    usableAsTool: true,
    icon: { light: 'file:../../icons/apply-snapshot.svg', dark: 'file:../../icons/apply-snapshot.dark.svg' },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await executeStep(this, step);
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeStep(this);
  }
}
