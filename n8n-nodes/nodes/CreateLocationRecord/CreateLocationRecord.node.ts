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
  step: 'create-record',
  name: 'createLocationRecord',
  displayName: 'Create Location Record',
  description: 'Open the onboarding run of a location and keep its record, switched off',
  opensRun: true,
  waitsFor: 'the record',
};

export class CreateLocationRecord implements INodeType {
  description: INodeTypeDescription = {
    ...describeStep(step),
    subtitle: 'Step 1 of 7',
    usableAsTool: true,
    icon: { light: 'file:../../icons/create-record.svg', dark: 'file:../../icons/create-record.dark.svg' },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await executeStep(this, step);
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeStep(this);
  }
}
