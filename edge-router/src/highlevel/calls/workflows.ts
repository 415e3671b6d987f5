import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { asLocation } from './credentials.ts';
import { id, listOf, optionalText } from './fields.ts';

const workflowSchema = z.object({ id, name: optionalText, status: optionalText });
export type Workflow = z.output<typeof workflowSchema>;

/** Names and whether they are published; HighLevel's API tells and changes no more of a workflow. */
export function listWorkflows(
  caller: HighlevelCaller,
  ghlLocationId: string,
): Promise<Result<Workflow[], HighlevelError>> {
  return caller.send({
    endpoint: 'listWorkflows',
    credential: asLocation(ghlLocationId),
    query: { locationId: ghlLocationId },
    answer: z.object({ workflows: listOf(workflowSchema) }).transform(({ workflows }) => workflows),
  });
}
