import { NodeConnectionTypes, type INodeTypeDescription } from 'n8n-workflow';
import { resumeWebhooks } from './resume-webhooks';
import { describeRunParameters, waitParameters, type StepDefinition } from './steps';
import { CREDENTIAL } from './transport';

/** The description of a step's node. All steps look and behave alike: only words, icon and the first one's parameters differ. */
export function describeStep(step: StepDefinition): Omit<INodeTypeDescription, 'icon'> {
  const { name, displayName, description, opensRun = false } = step;
  return {
    displayName,
    name,
    group: ['transform'],
    version: [1],
    description,
    defaults: { name: displayName },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: CREDENTIAL, required: true }],
    webhooks: resumeWebhooks,
    waitingNodeTooltip: `=Switchyard wakes this execution when every location is done (${step.waitsFor}).`,
    hints: [
      {
        message:
          "One failed location stops this node. To keep the others going, set 'On Error' in the settings to 'Continue (using error output)': each failed row leaves there with what to do.",
        type: 'info',
        location: 'outputPane',
        whenToDisplay: 'beforeExecution',
        displayCondition: '={{ $nodeSettings?.onError === undefined || $nodeSettings?.onError === "stopWorkflow" }}',
      },
    ],
    properties: [...describeRunParameters(opensRun), ...waitParameters],
  };
}
