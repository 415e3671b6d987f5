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
  step: 'configure-automations',
  name: 'configureAutomations',
  displayName: 'Configure Automations',
  description: "Set the location's custom values and check that its workflows are published",
  waitsFor: 'the custom values',
};

export class ConfigureAutomations implements INodeType {
  description: INodeTypeDescription = {
    ...describeStep(step),
    subtitle: 'Step 4 of 7',
    usableAsTool: true,
    icon: {
      light: 'file:../../icons/configure-automations.svg',
      dark: 'file:../../icons/configure-automations.dark.svg',
    },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await executeStep(this, step);
  }

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await resumeStep(this);
  }
}
