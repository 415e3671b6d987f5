import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { describeOperations, executeForEachItem, findOperation, isForEachItem } from '../shared/describe-operation';
import { getMany } from '../shared/get-many';
import { searchLocations } from '../shared/locators';
import { connect } from '../shared/transport';
import { locationOperations } from './operations';

export class Location implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Switchyard Location',
    name: 'location',
    icon: { light: 'file:../../icons/location.svg', dark: 'file:../../icons/location.dark.svg' },
    group: ['transform'],
    version: [1],
    subtitle:
      '={{ { findNearby: "Find Nearby", get: "Get", getAll: "Get Many", updateCapacity: "Update Capacity" }[$parameter["operation"]] }}',
    description: 'Look up locations, find the nearest, and set how many leads they take',
    defaults: { name: 'Location' },
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
        options: [{ name: 'Location', value: 'location' }],
        default: 'location',
      },
      ...describeOperations({ resource: 'location', operations: locationOperations }),
    ],
  };

  methods = { listSearch: { searchLocations } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const switchyard = await connect(this, this.getExecutionCancelSignal());
    const operation = findOperation(locationOperations, this.getNodeParameter('operation', 0));
    if (isForEachItem(operation)) return [await executeForEachItem(this, { switchyard, operation })];
    const describe = (itemIndex: number) => ({
      path: '/v1/locations',
      query: { query: String(this.getNodeParameter('query', itemIndex, '')).trim() },
    });
    return [await getMany(this, switchyard, describe)];
  }
}
