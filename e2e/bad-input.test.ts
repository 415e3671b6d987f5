// What goes wrong before anything is done: each ends in words that say what to do.
import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import { findFreePort } from '../local/ports.ts';
import { hasEnded, waitForExecution } from './testing/execution.ts';
import { openFormEnding } from './testing/form-ending.ts';
import { parseCsv, readExample, toCsvFile } from './testing/locations-csv.ts';
import { copyWorkflow, openSession, publish, runByHand, submitForm } from './testing/n8n.ts';
import { WORKFLOWS } from './testing/workflows.ts';

async function runWith(data: { baseUrl: string; apiKey: string }) {
  const { send } = await openSession();
  const body = { type: 'switchyardApi', name: 'Not right', data };
  const { id } = await send({ method: 'POST', path: '/credentials', body }, z.object({ id: z.string() }));
  const copy = await copyWorkflow(WORKFLOWS.nightlyReport, {
    change: (node) =>
      'credentials' in node ? { ...node, credentials: { switchyardApi: { id, name: 'Not right' } } } : node,
  });
  return await waitForExecution(await runByHand(copy, 'Run Now'), hasEnded);
}

test('a wrong key: the credential is named', async () => {
  const { status, error } = await runWith({ baseUrl: inject('e2eStack').edge, apiKey: 'swy_wrong' });
  expect([status, error?.description]).toEqual(['error', expect.stringContaining("'API Key' of the credential")]);
});

test('no router there: its address is named', async () => {
  const baseUrl = `http://127.0.0.1:${await findFreePort()}`;
  const { status, error } = await runWith({ baseUrl, apiKey: 'swy_any' });
  expect([status, error?.message]).toEqual(['error', expect.stringContaining('cannot be reached')]);
  expect(error?.description).toContain(baseUrl);
});

test('another server there: the base URL is named', async () => {
  const { status, error } = await runWith({ baseUrl: inject('e2eStack').n8n, apiKey: 'swy_any' });
  expect([status, error?.description]).toEqual(['error', expect.stringContaining("'Base URL' of the credential")]);
});

test('a file of 20,000 rows: nothing is begun, and the report says how many go into one', async () => {
  const [row = {}] = readExample('locations-75.csv');
  const rows = Array.from({ length: 20_000 }, (_, number) => ({ ...row, 'Franchise Code': `BIG-${number}` }));
  await publish(WORKFLOWS.onboardFromCsv);
  const { executionId, pageUrl } = await submitForm('onboard-from-csv', ['too-many', toCsvFile(rows)]);
  const execution = await waitForExecution(executionId);
  expect(execution.items('Create Location Record')).toEqual([]);
  const report = parseCsv((await openFormEnding(pageUrl)).files['report-too-many.csv'] ?? '');
  expect(report).toMatchObject([
    { Result: 'to fix', 'What Happened': expect.stringMatching(/10,?000|too large|limit/i) as string },
  ]);
});
