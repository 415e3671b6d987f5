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
  step: 'activate',
  name: 'activateLocation',
  displayName: 'Activate Location',
  description: 'Switch the location on: from now on it gets leads',
  waitsFor: 'the directory',
};

export class ActivateLocation implements INodeType {
  description: INodeTypeDescription = {
    ...describeStep(step),
    subtitle: 'Step 7 of 7',
    usableAsTool: true,
    icon: { light: 'file:../../icons/activate.svg', dark: 'file:../../icons/activate.dark.svg' },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await executeStep(this, step);
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeStep(this);
  }
}
