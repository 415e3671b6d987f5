import { expect, test } from 'vitest';
import { z } from 'zod';
import { hasEnded, waitForExecution, type Execution } from './testing/execution.ts';
import { openFormEnding } from './testing/form-ending.ts';
import { parseCsv, readExample, toCsvFile, type SheetRow } from './testing/locations-csv.ts';
import { copyWorkflow, publish, runByHand, submitForm } from './testing/n8n.ts';
import { askSandbox, listActiveLocations } from './testing/stack.ts';
import { findTwice, listSubAccounts } from './testing/sub-accounts.ts';
import { STEP_NODES, WORKFLOWS } from './testing/workflows.ts';

const opened = readExample('locations-25.csv').map((row) => ({
  ...row,
  'Franchise Code': `BULK-${row['Franchise Code'] ?? ''}`,
  'Location Name': `${row['Location Name'] ?? ''} Annex`,
  Address: `${row['Address'] ?? ''} Suite 2`,
}));

const isAtEnding = ({ status, ran }: Execution) =>
  status === 'error' || (status === 'waiting' && ran.includes('Show Result'));

async function bringOn(batch: string, rows: readonly SheetRow[]) {
  await publish(WORKFLOWS.onboardInBulk);
  const { executionId, pageUrl } = await submitForm('onboard-in-bulk', [batch, toCsvFile(rows)]);
  const slept = await waitForExecution(executionId, ({ status }) => status !== 'running' && status !== 'new');
  const execution = await waitForExecution(executionId, isAtEnding);
  expect(execution.error).toBeUndefined();
  const ending = await openFormEnding(pageUrl);
  await waitForExecution(executionId, hasEnded);
  return { slept, execution, ending };
}

test('a file in bulk: the execution sleeps, the router wakes it, and it reports', async () => {
  const rows = opened.slice(0, 10);
  const { slept, execution, ending } = await bringOn('bulk-10', rows);
  expect(slept.ran.at(-1)).toBe('Wait Until Finished');
  expect(ending.title).toBe('10 of 10 locations are active');
  expect(execution.items('Wait Until Finished')).toMatchObject([{ status: 'finished', counts: { succeeded: 10 } }]);
  expect(await listActiveLocations()).toEqual(expect.arrayContaining(rows.map((row) => row['Franchise Code'])));
});

test('what failed is reported; Rerun Failed finishes it, and nothing is made twice', async () => {
  const rows = opened.slice(10, 13);
  const fault = { kind: 'status', status: 422, route: 'PUT /locations/{locationId}/customValues/{id}', count: 1 };
  await askSandbox({ method: 'POST', path: '/faults', body: fault }, z.unknown());
  const { execution, ending } = await bringOn('bulk-with-a-fault', rows);
  expect(ending.title).toBe('2 of 3 locations are active');
  expect(parseCsv(ending.files['failed-rows-bulk-with-a-fault.csv'] ?? '')).toMatchObject([
    {
      Step: 'configure-automations',
      'What Happened': expect.stringMatching(/\w/) as string,
      'What to Do': expect.stringMatching(/\w/) as string,
    },
  ]);

  await askSandbox({ method: 'DELETE', path: '/faults' }, z.unknown());
  const [batch] = execution.items('Submit');
  const rerun = await copyWorkflow(WORKFLOWS.rerunFailed, {
    change: (node) =>
      node.name === 'Get Failed Rows'
        ? {
            ...node,
            parameters: { ...node.parameters, batchId: { __rl: true, mode: 'id', value: batch?.['batchId'] } },
          }
        : node,
  });
  const ran = await waitForExecution(await runByHand(rerun, 'Run Now'));
  expect([ran.status, ran.error]).toEqual(['success', undefined]);
  expect(ran.items('Describe Result')).toMatchObject([{ Result: 'active', Step: 'activate' }]);
  const replayed = STEP_NODES.map((node) => ran.items(node)[0]?.['replayed']);
  expect(replayed).toEqual([true, true, true, false, false, false, false]);
  expect(await listActiveLocations()).toEqual(expect.arrayContaining(rows.map((row) => row['Franchise Code'])));
  expect(findTwice(await listSubAccounts())).toEqual([]);
});
