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
  step: 'set-up-integrations',
  name: 'setUpIntegrations',
  displayName: 'Set Up Integrations',
  description:
    'Give the location its manager user, calendar and pipeline, and open tasks for what only a person can connect',
  waitsFor: 'users and calendars',
};

export class SetUpIntegrations implements INodeType {
  description: INodeTypeDescription = {
    ...describeStep(step),
    subtitle: 'Step 5 of 7',
    usableAsTool: true,
    icon: { light: 'file:../../icons/set-up-integrations.svg', dark: 'file:../../icons/set-up-integrations.dark.svg' },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await executeStep(this, step);
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeStep(this);
  }
}
