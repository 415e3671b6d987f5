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
  step: 'create-sub-account',
  name: 'createSubAccount',
  displayName: 'Create Sub-Account',
  description: 'Create the HighLevel sub-account of a location, once, and wait until the app is installed there',
  waitsFor: 'the sub-account and the app in it',
};

export class CreateSubAccount implements INodeType {
  description: INodeTypeDescription = {
    ...describeStep(step),
    subtitle: 'Step 2 of 7',
    usableAsTool: true,
    icon: { light: 'file:../../icons/create-sub-account.svg', dark: 'file:../../icons/create-sub-account.dark.svg' },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await executeStep(this, step);
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeStep(this);
  }
}
