import { expect, test } from 'vitest';
import { waitForExecution } from './testing/execution.ts';
import { openFormEnding } from './testing/form-ending.ts';
import { readExample, toCsvFile } from './testing/locations-csv.ts';
import { answerForm, publish, submitForm } from './testing/n8n.ts';
import { listActiveLocations } from './testing/stack.ts';
import { listSubAccounts } from './testing/sub-accounts.ts';
import { WORKFLOWS } from './testing/workflows.ts';

const rows = readExample('locations-25.csv').slice(10, 14);

async function prepare(batch: string, [from, to]: readonly [number, number]) {
  await publish(WORKFLOWS.approveThenActivate);
  const chosen = rows.slice(from, to);
  const { executionId, pageUrl } = await submitForm('approve-then-activate', [batch, toCsvFile(chosen)]);
  const asked = await waitForExecution(executionId);
  expect([asked.status, asked.items('Verify Setup').length]).toEqual(['waiting', chosen.length]);
  expect(asked.ran).not.toContain('Activate Location');
  const decide = async (decision: 'Approve' | 'Reject') => {
    await answerForm(pageUrl, [decision, 'Morgan']);
    await waitForExecution(executionId, ({ status, ran }) => status === 'error' || ran.includes('Show Result'));
    return await openFormEnding(pageUrl);
  };
  return {
    names: chosen.map((row) => row['Location Name'] ?? ''),
    codes: chosen.map((row) => row['Franchise Code'] ?? ''),
    decide,
  };
}

test('nothing is switched on before a person approves; then all of it is', async () => {
  const { codes, decide } = await prepare('to-approve', [0, 2]);
  expect((await listActiveLocations()).filter((code) => codes.includes(code))).toEqual([]);
  const ending = await decide('Approve');
  expect(ending.title).toBe('2 active, 0 rolled back, 0 to fix');
  expect(await listActiveLocations()).toEqual(expect.arrayContaining(codes));
});

test('what a person rejects is rolled back: its sub-accounts are gone', async () => {
  const { codes, names, decide } = await prepare('to-reject', [2, 4]);
  expect(await listSubAccounts()).toEqual(expect.arrayContaining(names));
  const ending = await decide('Reject');
  expect(ending.title).toBe('0 active, 2 rolled back, 0 to fix');
  expect((await listActiveLocations()).filter((code) => codes.includes(code))).toEqual([]);
  expect((await listSubAccounts()).filter((name) => names.includes(name))).toEqual([]);
});
