import { expect, test } from 'vitest';
import { waitForExecution } from './testing/execution.ts';
import { readExample, type SheetRow } from './testing/locations-csv.ts';
import { copyWorkflow, runByHand } from './testing/n8n.ts';
import { listActiveLocations } from './testing/stack.ts';
import { WORKFLOWS } from './testing/workflows.ts';

/** Google cannot be reached here: what its trigger would give is put in its place, and what would be written is looked at. */
test('rows of a sheet become active locations, and each gets its status by franchise code', async () => {
  const rows = readExample('locations-25.csv').slice(15, 18);
  const bad: SheetRow = { ...readExample('locations-25.csv')[18], State: 'ZZ' };
  const copy = await copyWorkflow(WORKFLOWS.onboardFromSheets, {
    pinned: {
      'Row Added to Sheet': [...rows, bad].map((row, place) => ({ row_number: place + 2, ...row })),
      'Write Status to Sheet': [{}],
    },
  });
  const execution = await waitForExecution(await runByHand(copy, 'Row Added to Sheet'));
  expect([execution.status, execution.error]).toEqual(['success', undefined]);
  const statuses = execution
    .items('Describe Status')
    .map((item) => `${String(item['Franchise Code'])} ${String(item['Status'])}`);
  expect(statuses.toSorted()).toEqual(
    [...rows.map((row) => `${row['Franchise Code']} active`), `${bad['Franchise Code']} to fix`].toSorted(),
  );
  expect(await listActiveLocations()).toEqual(expect.arrayContaining(rows.map((row) => row['Franchise Code'])));
});
