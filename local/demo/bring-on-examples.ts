// The examples' brand grows from 25 locations to 100: those 25 run already, each with a sub-account that nobody has looked after since;
// the other 75 are to be brought on. One file, one batch.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { deriveId } from '../highlevel/identifiers.ts';
import { followBatch, readBatchRows } from '../onboard/follow-batch.ts';
import { beginBatch, planFile, waitForGeocoding } from '../onboard/plan-file.ts';
import { PROJECT } from '../stack/local-folder.ts';
import type { StackFile } from '../stack/stack-file.ts';
import { describeProblem, type EdgeClient } from './edge-client.ts';
import { importCsv } from './import-files.ts';
import { exampleSettings } from './onboarding-settings.ts';

const TIMEOUT_MS = 30_000;
const SHOWN_FAILURES = 5;

/** Brings the examples' 100 locations on, and shows how; those that are on already cost a look. */
export async function bringOnExamples(client: EdgeClient, stack: StackFile): Promise<Result<null, string>> {
  const existing = readExample('locations-25.csv');
  const imported = await importExisting(client, existing);
  if (!imported.ok) return imported;
  const settled = await storeSettings(client);
  if (!settled.ok) return settled;
  const unfinished = await findUnfinished(client);
  if (!unfinished.ok) return unfinished;
  if (unfinished.value !== null) {
    console.log('  an earlier start left a batch under way: it goes on');
    const followed = await finishBatch(client, unfinished.value, stack);
    if (!followed.ok) return followed;
  }
  const subAccounts = await provideSubAccounts(stack.highlevel, existing.rows.length);
  const plan = await planFile(client, joinFiles({ existing, subAccounts, added: readExample('locations-75.csv') }));
  if (!plan.ok) return plan;
  const { create, update, skip } = plan.value.counts;
  if (create + update === 0) {
    console.log(`✓ ${skip} locations are on already, as the file says`);
    return ok(null);
  }
  const { companyCalls, locationCalls } = plan.value.estimate;
  console.log(
    `  plan: ${create} to create, ${update} to take over, ${skip} as they should be; at most ${companyCalls} calls of`,
  );
  console.log(`  the company's budget and ${locationCalls} of the sub-accounts'`);
  await waitForGeocoding(client, plan.value);
  const batch = await beginBatch(client, { planId: plan.value.id, name: 'the examples' });
  return batch.ok ? finishBatch(client, batch.value.batchId, stack) : err(`The batch did not begin. ${batch.error}`);
}

/** What an earlier start brought on stays as it is: its points are better known than the file's. */
async function importExisting(client: EdgeClient, existing: Table): Promise<Result<null, string>> {
  const listed = await client.send({ path: '/v1/locations?limit=1', timeoutMs: TIMEOUT_MS });
  if (!listed.ok) return err(`The locations could not be listed. ${describeProblem(listed.error)}`);
  const { items } = z.object({ items: z.array(z.unknown()) }).parse(listed.value);
  if (items.length > 0) return ok(null);
  const what = 'locations that exist';
  return importCsv(client, { path: '/v1/locations/import', what, text: joinLines(existing) });
}

async function finishBatch(client: EdgeClient, batchId: string, stack: StackFile): Promise<Result<null, string>> {
  const startedMs = performance.now();
  const followed = await followBatch(client, batchId);
  if (!followed.ok) return followed;
  const { counts, total } = followed.value;
  if (counts.succeeded < total) return describeFailures(client, batchId);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(
    `✓ ${counts.succeeded} locations brought on: created or taken over, configured, verified, active  ${seconds} s`,
  );
  console.log(`  their sub-accounts: ${stack.highlevel}/`);
  return ok(null);
}

async function describeFailures(client: EdgeClient, batchId: string): Promise<Result<null, string>> {
  const rows = await readBatchRows(client, batchId);
  if (!rows.ok) return rows;
  const failed = rows.value.filter(({ status }) => status !== 'succeeded');
  const lines = failed
    .slice(0, SHOWN_FAILURES)
    .map(
      ({ name, status, error }) =>
        `  ${name}: ${error ? `${error.step ?? ''} ${error.detail} ${error.action}` : status}`,
    );
  return err([`${failed.length} locations were not brought on.`, ...lines].join('\n'));
}

type Table = { readonly header: string; readonly rows: readonly string[] };

/** No cell of these files holds a line break. */
function readExample(name: string): Table {
  const [header = '', ...rows] = readFileSync(join(PROJECT, 'examples', name), 'utf8')
    .trim()
    .split(/\r?\n/);
  return { header, rows };
}

function joinLines({ header, rows }: Table): string {
  return [header, ...rows].join('\n');
}

function joinFiles({
  existing,
  subAccounts,
  added,
}: {
  existing: Table;
  subAccounts: readonly string[];
  added: Table;
}): string {
  const header = `${existing.header},Sub-account Id`;
  const known = existing.rows.map((row, index) => `${row},${subAccounts[index] ?? ''}`);
  return joinLines({ header, rows: [...known, ...added.rows.map((row) => `${row},`)] });
}

/** The sandbox's settings of the brand, unless somebody has stored others. */
async function storeSettings(client: EdgeClient): Promise<Result<null, string>> {
  const path = '/v1/onboarding/settings';
  const stored = await client.send({ path, timeoutMs: TIMEOUT_MS });
  if (stored.ok) return ok(null);
  const body = { type: 'application/json', text: JSON.stringify(exampleSettings) } as const;
  const saved = await client.send({ path, method: 'PUT', body, timeoutMs: TIMEOUT_MS });
  return saved.ok ? ok(null) : err(`The settings of onboarding were not stored. ${describeProblem(saved.error)}`);
}

/** A batch that an earlier start began and did not see end. */
async function findUnfinished(client: EdgeClient): Promise<Result<string | null, string>> {
  const answer = await client.send({ path: '/v1/onboarding/batches?limit=1', timeoutMs: TIMEOUT_MS });
  if (!answer.ok) return err(`The batches could not be listed. ${describeProblem(answer.error)}`);
  const { items } = z
    .object({
      items: z.array(z.object({ batchId: z.string(), finishedAt: z.string().nullable(), status: z.string() })),
    })
    .parse(answer.value);
  const [latest] = items;
  return ok(latest?.finishedAt === null && latest.status === 'running' ? latest.batchId : null);
}

/** The sub-accounts that the brand's first locations have in the sandbox, under the ids that it gives its first ones. */
async function provideSubAccounts(highlevel: string, count: number): Promise<string[]> {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const init = {
      method,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    const answer = await fetch(`${highlevel}/__sandbox/${path}`, init);
    if (!answer.ok) throw new Error(`The HighLevel sandbox answered ${answer.status} to ${method} ${path}.`);
    return answer.json();
  };
  const { locations } = z
    .object({ locations: z.array(z.object({ id: z.string() })) })
    .parse(await ask('GET', 'export'));
  const known = new Set(locations.map(({ id }) => id));
  // The template is number 0.
  const ids = Array.from({ length: count }, (_, index) => deriveId(`location ${index + 1}`));
  const missing = ids.filter((id) => !known.has(id)).length;
  if (missing === 0) return ids;
  const { locationIds } = z
    .object({ locationIds: z.array(z.string()) })
    .parse(await ask('POST', 'seed', { locations: missing }));
  return [...ids.filter((id) => known.has(id)), ...locationIds];
}
