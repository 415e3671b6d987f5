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
  step: 'verify-setup',
  name: 'verifySetup',
  displayName: 'Verify Setup',
  description: 'Check everything that the location needs, with a probe contact that leaves nothing behind',
  waitsFor: 'the probe contact',
};

export class VerifySetup implements INodeType {
  description: INodeTypeDescription = {
    ...describeStep(step),
    subtitle: 'Step 6 of 7',
    usableAsTool: true,
    icon: { light: 'file:../../icons/verify-setup.svg', dark: 'file:../../icons/verify-setup.dark.svg' },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await executeStep(this, step);
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeStep(this);
  }
}
