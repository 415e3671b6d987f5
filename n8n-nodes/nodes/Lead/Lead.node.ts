import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { describeOperations, executeForEachItem, findOperation, isForEachItem } from '../shared/describe-operation';
import { getMany } from '../shared/get-many';
import { connect } from '../shared/transport';
import { describeList, leadOperations } from './operations';
import { routeMany } from './route-many';

export class Lead implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Switchyard Lead',
    name: 'lead',
    icon: { light: 'file:../../icons/lead.svg', dark: 'file:../../icons/lead.dark.svg' },
    group: ['transform'],
    version: [1],
    subtitle:
      '={{ { decline: "Decline", get: "Get", getAll: "Get Many", getDeliveries: "Get Many Deliveries", preview: "Preview", reassign: "Reassign", route: "Route", routeMany: "Route Many", setStatus: "Set Status" }[$parameter["operation"]] }}',
    description: 'Route leads to the right location, and ask why',
    defaults: { name: 'Route Lead' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'switchyardApi', required: true }],
    properties: [
      {
        displayName: 'Resource',
        name: 'resource',
        type: 'options',
        noDataExpression: true,
        options: [{ name: 'Lead', value: 'lead' }],
        default: 'lead',
      },
      ...describeOperations({ resource: 'lead', operations: leadOperations }),
    ],
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const switchyard = await connect(this, this.getExecutionCancelSignal());
    const operation = findOperation(leadOperations, this.getNodeParameter('operation', 0));
    const list = describeList(this, operation);
    if (list) return [await getMany(this, switchyard, list)];
    if (isForEachItem(operation)) return [await executeForEachItem(this, { switchyard, operation })];
    return [await routeMany(this, switchyard)];
  }
}
