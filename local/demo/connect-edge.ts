import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { readStackFile } from '../stack/stack-file.ts';
import { createEdgeClient, type EdgeClient } from './edge-client.ts';

/** The router that SWITCHYARD_EDGE and SWITCHYARD_API_KEY name, else that of the stack that runs here. */
export function connectEdge(): Result<EdgeClient, string> {
  const { SWITCHYARD_EDGE: edge, SWITCHYARD_API_KEY: apiKey } = process.env;
  if (edge !== undefined && apiKey !== undefined) return ok(createEdgeClient({ edge, apiKey }));
  if (edge !== undefined) return err('SWITCHYARD_EDGE names a router: SWITCHYARD_API_KEY has to be its key.');
  const stack = readStackFile();
  return stack.ok ? ok(createEdgeClient(stack.value)) : stack;
}
