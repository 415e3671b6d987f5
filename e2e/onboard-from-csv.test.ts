import { expect, test } from 'vitest';
import { z } from 'zod';
import { openFormEnding } from './testing/form-ending.ts';
import { parseCsv, readExample, toCsvFile, type SheetRow } from './testing/locations-csv.ts';
import { hasEnded, waitForExecution, type Execution } from './testing/execution.ts';
import { publish, submitForm } from './testing/n8n.ts';
import { askSandbox, listActiveLocations } from './testing/stack.ts';
import { findTwice, listSubAccounts, listUsers } from './testing/sub-accounts.ts';
import { STEP_NODES, WORKFLOWS } from './testing/workflows.ts';

const opened = readExample('locations-25.csv');

async function upload(batch: string, rows: readonly SheetRow[]) {
  await publish(WORKFLOWS.onboardFromCsv);
  const { executionId, pageUrl } = await submitForm('onboard-from-csv', [batch, toCsvFile(rows)]);
  const execution = await waitForExecution(executionId);
  const ending = await openFormEnding(pageUrl);
  return { execution, ending, end: await waitForExecution(executionId, hasEnded) };
}

function listReplayed(execution: Execution, node: string): unknown[] {
  return execution.items(node).map(({ replayed }) => replayed);
}

test('a sheet of 75 uploaded to the form ends as 75 active locations', async () => {
  const rows = readExample('locations-75.csv');
  const { execution, ending, end } = await upload('all-75', rows);
  expect(execution.error).toBeUndefined();
  expect(ending.title).toBe('75 of 75 locations are active');
  for (const node of STEP_NODES) expect([node, execution.items(node, 1)]).toEqual([node, []]);
  expect(await listActiveLocations()).toEqual(expect.arrayContaining(rows.map((row) => row['Franchise Code'])));
  const report = parseCsv(ending.files['report-all-75.csv'] ?? '');
  expect(new Set(report.map(({ Result }) => Result))).toEqual(new Set(['active']));
  expect(report).toHaveLength(75);
  expect(end.status).toBe('success');
});

test('the same sheet once more does nothing twice: every step answers that it was done', async () => {
  const before = await listSubAccounts();
  const { execution, ending } = await upload('all-75', readExample('locations-75.csv'));
  expect(ending.title).toBe('75 of 75 locations are active');
  for (const node of STEP_NODES) {
    expect([node, listReplayed(execution, node)]).toEqual([node, Array.from({ length: 75 }, () => true)]);
  }
  expect(await listSubAccounts()).toEqual(before);
});

test('bad rows come back in files to be corrected, and do not stop the good ones', async () => {
  const [first = {}, second = {}, third = {}] = opened.slice(0, 3);
  const wrong = { ...second, State: 'ZZ', Email: 'not an address' };
  const { execution, ending } = await upload('with-a-bad-row', [first, wrong, third]);
  expect(ending.title).toBe('2 of 3 locations are active');
  const [invalid] = execution.items('Validate Locations', 1);
  expect(invalid).toMatchObject({ sheetRow: 3, errors: expect.stringContaining('State') as string });
  const toFix = parseCsv(ending.files['rows-to-fix.csv'] ?? '');
  expect(toFix).toMatchObject([{ 'Franchise Code': second['Franchise Code'], State: 'ZZ' }]);
  const report = parseCsv(ending.files['report-with-a-bad-row.csv'] ?? '');
  expect(report.filter(({ Result }) => Result === 'to fix')).toMatchObject([
    { 'Sheet Row': '3', Step: 'validate', 'What Happened': expect.stringContaining('Email') as string },
  ]);

  // What was downloaded is what is corrected and uploaded again.
  const corrected = toFix.map(({ errors: _errors, ...row }) => ({
    ...row,
    State: second['State'] ?? '',
    Email: second['Email'] ?? '',
  }));
  expect((await upload('with-a-bad-row', corrected)).ending.title).toBe('1 of 1 locations are active');
  const codes = [first, second, third].map((row) => row['Franchise Code']);
  expect(await listActiveLocations()).toEqual(expect.arrayContaining(codes));
});

test('a location that fails at a step leaves with its row; the next run finishes it and makes nothing twice', async () => {
  const rows = opened.slice(3, 6);
  await askSandbox({ method: 'POST', path: '/faults', body: refusedCustomValue }, z.unknown());
  const { execution, ending } = await upload('with-a-fault', rows);
  expect(ending.title).toBe('2 of 3 locations are active');
  const failed = execution.items('Configure Automations', 1);
  expect(failed).toMatchObject([
    {
      rowKey: expect.any(String) as string,
      locationId: expect.any(String) as string,
      error: expect.any(String) as string,
      message: expect.any(String) as string,
      details: {
        step: 'configure-automations',
        code: expect.any(String) as string,
        requestId: expect.any(String) as string,
      },
    },
  ]);
  expect(execution.items('Verify Setup')).toHaveLength(2);

  await askSandbox({ method: 'DELETE', path: '/faults' }, z.unknown());
  const again = await upload('with-a-fault', rows);
  expect(again.ending.title).toBe('3 of 3 locations are active');
  expect(listReplayed(again.execution, 'Create Sub-Account')).toEqual([true, true, true]);
  expect(listReplayed(again.execution, 'Configure Automations').filter((replayed) => replayed === false)).toHaveLength(
    1,
  );
  expect(findTwice(await listSubAccounts())).toEqual([]);
  expect(findTwice(await listUsers())).toEqual([]);
});

/** One value is refused, for good as far as anybody can tell. */
const refusedCustomValue = {
  kind: 'status',
  status: 422,
  route: 'PUT /locations/{locationId}/customValues/{id}',
  count: 1,
};

test('a file that is no sheet ends in words that say what to do', async () => {
  await publish(WORKFLOWS.onboardFromCsv);
  const noSheet = new File(['no sheet at all'], 'locations.csv', { type: 'text/csv' });
  const { executionId, pageUrl } = await submitForm('onboard-from-csv', ['no-sheet', noSheet]);
  const execution = await waitForExecution(executionId);
  const ending = await openFormEnding(pageUrl);
  expect(execution.items('Create Location Record')).toEqual([]);
  expect(parseCsv(ending.files['report-no-sheet.csv'] ?? '')).toMatchObject([
    {
      Result: 'to fix',
      'What Happened': expect.stringMatching(/\w/) as string,
      'What to Do': expect.stringMatching(/\w/) as string,
    },
  ]);
});
