import {
  NodeApiError,
  type IDataObject,
  type IExecuteFunctions,
  type INode,
  type INodeExecutionData,
  type JsonObject,
} from 'n8n-workflow';
import { classify, type Failure } from './failure';

/** The error that stops a node: the router's words, the item, and what to do. */
export function toNodeError(node: INode, failure: Failure, itemIndex?: number): NodeApiError {
  const { message, description, httpStatus, more, code, requestId, retryable } = failure;
  const place = itemIndex === undefined ? '' : ` [item ${itemIndex}]`;
  const kind = classify(failure);
  return new NodeApiError(node, { code, requestId, retryable, ...more } as JsonObject, {
    message: `${message}${place}`,
    description,
    httpCode: httpStatus === null ? 'none' : String(httpStatus),
    ...(itemIndex === undefined ? {} : { itemIndex }),
    ...(kind ? { failure: kind } : {}),
  });
}

/**
 * The item that stands for one that failed. On the error branch n8n itself merges the input row into exactly these three
 * fields; with "Continue (using regular output)" nobody does, so the row is kept here.
 */
export function toFailedItem(
  context: Pick<IExecuteFunctions, 'getNode'>,
  {
    failure,
    input,
    itemIndex,
    details,
  }: { failure: Failure; input: IDataObject; itemIndex: number; details?: IDataObject },
): INodeExecutionData {
  const json: IDataObject = {
    error: failure.message,
    message: failure.description,
    details: {
      code: failure.code,
      requestId: failure.requestId,
      httpStatus: failure.httpStatus,
      retryable: failure.retryable,
      ...details,
      ...failure.more,
    },
  };
  const isErrorOutput = context.getNode().onError === 'continueErrorOutput';
  return { json: isErrorOutput ? json : { ...input, ...json }, pairedItem: { item: itemIndex } };
}
