import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { hasEnded, listExecutions, waitForExecution } from './testing/execution.ts';
import { readExample, toCsvFile } from './testing/locations-csv.ts';
import { copyWorkflow, openSession, publish, sendForm, type WorkflowNode } from './testing/n8n.ts';
import { askSandbox, listActiveLocations } from './testing/stack.ts';
import { findTwice, listSubAccounts, listUsers } from './testing/sub-accounts.ts';
import { WORKFLOWS } from './testing/workflows.ts';

const FORM = `stops-at-a-failure-${randomUUID()}`;

/** "On Error" as n8n has it unless a person changes it, another form, and nobody to look at an ending. */
function stopAtFailures(node: WorkflowNode): WorkflowNode {
  const { onError: _onError, ...plain } = node;
  if (node.name === 'Show Result') return { ...plain, type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };
  if (node.name !== 'Upload Locations') return plain;
  const options = { ...(node.parameters['options'] as object), path: FORM };
  return { ...plain, webhookId: randomUUID(), parameters: { ...node.parameters, options } };
}

test("n8n's own retry goes on at the step that failed, with all its items, and nothing is done twice", async () => {
  const opened = readExample('locations-25.csv');
  const rows = [opened[9] ?? {}, opened[14] ?? {}, opened[19] ?? {}];
  const copy = await copyWorkflow(WORKFLOWS.onboardFromCsv, { change: stopAtFailures });
  await publish(copy);
  const fault = { kind: 'status', status: 422, route: 'PUT /locations/{locationId}/customValues/{id}', count: 1 };
  await askSandbox({ method: 'POST', path: '/faults', body: fault }, z.unknown());
  await sendForm(FORM, ['retried', toCsvFile(rows)]);
  const [executionId = ''] = await listExecutions(copy);
  const failed = await waitForExecution(executionId, hasEnded);
  expect([failed.status, failed.ran.at(-1)]).toEqual(['error', 'Configure Automations']);
  expect(failed.error?.message).toMatch(/HighLevel/);

  await askSandbox({ method: 'DELETE', path: '/faults' }, z.unknown());
  const { send } = await openSession();
  await send({ method: 'POST', path: `/executions/${executionId}/retry`, body: { loadWorkflow: false } }, z.unknown());
  const [retried = ''] = await listExecutions(copy);
  expect(retried).not.toBe(executionId);
  const execution = await waitForExecution(retried, hasEnded);
  expect([execution.status, execution.error]).toEqual(['success', undefined]);
  expect(execution.items('Activate Location')).toHaveLength(rows.length);
  expect(await listActiveLocations()).toEqual(expect.arrayContaining(rows.map((row) => row['Franchise Code'])));
  expect(findTwice(await listSubAccounts())).toEqual([]);
  expect(findTwice(await listUsers())).toEqual([]);
});
