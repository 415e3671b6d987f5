import {
  NodeConnectionTypes,
  type IHookFunctions,
  type INodeType,
  type INodeTypeDescription,
  type IWebhookFunctions,
  type IWebhookResponseData,
} from 'n8n-workflow';
import { receiveEvent } from './receive-event';
import { checkExists, create, remove } from './subscription';

export class SwitchyardTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Switchyard Trigger',
    name: 'switchyardTrigger',
    icon: { light: 'file:../../icons/trigger.svg', dark: 'file:../../icons/trigger.dark.svg' },
    group: ['trigger'],
    version: [1],
    subtitle: '={{ $parameter["events"].join(", ") }}',
    description: 'Starts the workflow when something happens in Switchyard: a lead, a location, a step, a batch',
    defaults: { name: 'Switchyard Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'switchyardApi', required: true }],
    webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', responseData: '', path: 'webhook' }],
    properties: [
      {
        displayName: 'Trigger On',
        name: 'events',
        type: 'multiOptions',
        required: true,
        default: ['lead.assigned'],
        options: [
          {
            name: 'Batch Finished',
            value: 'batch.finished',
            description: 'Every row is active, has failed or was rolled back',
          },
          { name: 'Drift Found', value: 'drift.found', description: 'A location differs from how it was set up' },
          { name: 'Lead Assigned', value: 'lead.assigned', description: 'A lead has its location' },
          { name: 'Lead Contacted', value: 'lead.contacted', description: 'Somebody of the location has got in touch' },
          { name: 'Lead Declined', value: 'lead.declined', description: 'A location has given a lead back' },
          {
            name: 'Lead Delivered',
            value: 'lead.delivered',
            description: 'The sub-account of the location has the lead',
          },
          {
            name: 'Lead Delivery Failed',
            value: 'lead.delivery_failed',
            description: 'HighLevel did not take a lead, for good',
          },
          { name: 'Lead Lost', value: 'lead.lost', description: 'The location did not win the lead' },
          {
            name: 'Lead Not Touched in Time',
            value: 'lead.sla_missed',
            description: 'Nobody of the location has touched a lead in time',
          },
          {
            name: 'Lead Parked',
            value: 'lead.parked',
            description: 'No location could take a lead: a person must look',
          },
          { name: 'Lead Reassigned', value: 'lead.reassigned', description: 'A lead has gone to another location' },
          { name: 'Lead Won', value: 'lead.won', description: 'The location has won the lead' },
          { name: 'Location Activated', value: 'location.activated', description: 'A location gets leads from now on' },
          {
            name: 'Step Failed',
            value: 'step.failed',
            description: 'An onboarding step failed for good: a person must look',
          },
        ],
      },
      {
        displayName: 'Include Details',
        name: 'includeDetails',
        type: 'boolean',
        default: true,
        description: 'Whether to look up the lead and the location of an event, which itself carries only their IDs',
      },
    ],
  };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        return await checkExists(this);
      },
      async create(this: IHookFunctions): Promise<boolean> {
        return await create(this);
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        return await remove(this);
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return await receiveEvent(this);
  }
}
