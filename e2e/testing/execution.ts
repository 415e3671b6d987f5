// What an execution did, node by node, as n8n's editor shows it.
import { z } from 'zod';
import { eventually } from '../../local/testing/eventually.ts';
import { openSession } from './n8n.ts';
import { unflatten } from './unflatten.ts';

const RUN_TIMEOUT_MS = 5 * 60_000;
const POLL_MS = 250;

const errorSchema = z.looseObject({ message: z.string(), description: z.string().nullish() });
const itemSchema = z.object({ json: z.record(z.string(), z.unknown()) });
const nodeRunSchema = z.object({
  error: errorSchema.optional(),
  data: z.object({ main: z.array(z.array(itemSchema).nullable()) }).optional(),
});
const runSchema = z.object({
  resultData: z.object({ runData: z.record(z.string(), z.array(nodeRunSchema)), error: errorSchema.optional() }),
});
const executionSchema = z.object({ id: z.string(), status: z.string(), data: z.string() });

export interface Execution {
  readonly id: string;
  readonly status: string;
  /** What stopped it, where something did. */
  readonly error: z.output<typeof errorSchema> | undefined;
  /** The items that a node sent out at one of its outputs, the last time it ran; empty where it did not run. */
  readonly items: (node: string, output?: number) => Record<string, unknown>[];
  /** Names of the nodes that ran. */
  readonly ran: readonly string[];
}

/** By default: it goes no further by itself, because it has ended or waits for a person or an event. */
export async function waitForExecution(
  id: string,
  until: (execution: Execution) => boolean = isAtRest,
): Promise<Execution> {
  const { send } = await openSession();
  return await eventually(
    async () => {
      const execution = read(await send({ method: 'GET', path: `/executions/${id}` }, executionSchema));
      if (until(execution)) return execution;
      throw new Error(`Execution ${id} is still ${execution.status}, after ${execution.ran.at(-1) ?? 'nothing'}`);
    },
    { timeoutMs: RUN_TIMEOUT_MS, intervalMs: POLL_MS },
  );
}

function read({ id, status, data }: z.output<typeof executionSchema>): Execution {
  const { runData, error } = runSchema.parse(unflatten(data)).resultData;
  return {
    id,
    status,
    error,
    items: (node, output = 0) => (runData[node]?.at(-1)?.data?.main[output] ?? []).map(({ json }) => json),
    ran: Object.keys(runData),
  };
}

function isAtRest({ status }: Execution): boolean {
  return status !== 'new' && status !== 'running';
}

export function hasEnded(execution: Execution): boolean {
  return isAtRest(execution) && execution.status !== 'waiting';
}

/** Ids of a workflow's executions, the newest first. */
export async function listExecutions(workflowId: string): Promise<string[]> {
  const { send } = await openSession();
  const filter = encodeURIComponent(JSON.stringify({ workflowId }));
  const listSchema = z.object({ results: z.array(z.object({ id: z.string() })) });
  const { results } = await send({ method: 'GET', path: `/executions?filter=${filter}&limit=100` }, listSchema);
  return results.map(({ id }) => id);
}

/** Of the executions of a workflow, or of a copy of it, that went through, the one that came to most nodes; null where there is none. */
export async function findGreenExecution(title: string): Promise<{ workflowId: string; executionId: string } | null> {
  const { send } = await openSession();
  const listSchema = z.array(z.object({ id: z.string(), name: z.string() }));
  const workflows = await send({ method: 'GET', path: '/workflows' }, listSchema);
  const green: { workflowId: string; executionId: string; nodes: number }[] = [];
  for (const { id: workflowId } of workflows.filter(({ name }) => name === title || name === `${title} (copy)`)) {
    for (const executionId of await listExecutions(workflowId)) {
      const { status, ran } = await waitForExecution(executionId);
      if (status === 'success') green.push({ workflowId, executionId, nodes: ran.length });
    }
  }
  return green.toSorted((a, b) => b.nodes - a.nodes)[0] ?? null;
}
