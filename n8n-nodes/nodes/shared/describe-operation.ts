import {
  NodeOperationError,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeProperties,
  type INodePropertyOptions,
} from 'n8n-workflow';
import { Misuse, type Answer } from './failure';
import { runItems, type ItemOutcome } from './run-items';
import type { Switchyard, SwitchyardRequest } from './transport';

const PARALLEL_CALLS = 5;

/** One operation of a node with many: its entry in the list, its own parameters, and the call it makes for one item. */
export interface Operation {
  readonly option: INodePropertyOptions;
  /** Shown when the operation is chosen; `displayOptions` are added by `listOperations`. */
  readonly parameters: readonly INodeProperties[];
  /** Absent where the operation takes all items at once. */
  readonly request?: (context: IExecuteFunctions, itemIndex: number) => SwitchyardRequest;
  readonly read?: (answer: Answer, switchyard: Switchyard) => IDataObject;
}

interface Shown {
  readonly resource: string;
  readonly operations: readonly Operation[];
}

/** The operation list of a resource and every operation's parameters, each shown only where it belongs. */
export function describeOperations({ resource, operations }: Shown): INodeProperties[] {
  const list: INodeProperties = {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: [resource] } },
    options: operations.map(({ option }) => option),
    default: String(operations[0]?.option.value ?? ''),
  };
  const parameters = operations.flatMap(({ option, parameters }) =>
    parameters.map((parameter) => showFor(parameter, { resource, operation: String(option.value) })),
  );
  return [list, ...parameters];
}

function showFor(parameter: INodeProperties, on: { resource: string; operation: string }): INodeProperties {
  const { show, ...rest } = parameter.displayOptions ?? {};
  return {
    ...parameter,
    displayOptions: { ...rest, show: { ...show, resource: [on.resource], operation: [on.operation] } },
  };
}

export function findOperation(operations: readonly Operation[], value: unknown): Operation {
  const found = operations.find(({ option }) => option.value === value);
  if (!found) throw new Error(`There is no operation ${String(value)}`);
  return found;
}

type SingleOperation = Operation & Required<Pick<Operation, 'request' | 'read'>>;

export function isForEachItem(operation: Operation): operation is SingleOperation {
  return operation.request !== undefined && operation.read !== undefined;
}

/** Makes an operation's call for each item, several at once; one item out for each. */
export async function executeForEachItem(
  context: IExecuteFunctions,
  { switchyard, operation }: { switchyard: Switchyard; operation: SingleOperation },
): Promise<INodeExecutionData[]> {
  return await runItems(context, {
    parallelCalls: PARALLEL_CALLS,
    maxWaitMs: 0,
    work: async (itemIndex): Promise<ItemOutcome> => {
      try {
        const outcome = await switchyard.send(operation.request(context, itemIndex));
        if (!outcome.ok) return { kind: 'failed', failure: outcome.failure };
        return { kind: 'done', json: operation.read(outcome.answer, switchyard) };
      } catch (error) {
        if (error instanceof Misuse) return { kind: 'failed', failure: error.failure };
        throw new NodeOperationError(context.getNode(), error as Error, { itemIndex });
      }
    },
  });
}
