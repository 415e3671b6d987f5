// npm run onboard -- FILE.csv: a file of locations planned, shown, confirmed and brought on, over the HTTP API like anybody else.
// Against the stack that runs here, or the router that SWITCHYARD_EDGE and SWITCHYARD_API_KEY name.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { connectEdge } from '../demo/connect-edge.ts';
import { describeProblem, type EdgeClient } from '../demo/edge-client.ts';
import type { Batch } from './batch-lines.ts';
import { followBatch, readBatchRows } from './follow-batch.ts';
import { parseOnboardOptions, type OnboardOptions } from './options.ts';
import { beginBatch, planFile, waitForGeocoding, type Plan } from './plan-file.ts';
import { describePlan } from './show-plan.ts';

const DOWNLOAD_TIMEOUT_MS = 30_000;

const result = await onboard(process.argv.slice(2));
if (!result.ok) console.error(result.error);
process.exitCode = result.ok && result.value ? 0 : 1;

/** Answers whether every row was brought on. */
async function onboard(args: readonly string[]): Promise<Result<boolean, string>> {
  const options = parseOnboardOptions(args);
  if (!options.ok) return options;
  const client = connectEdge();
  if (!client.ok) return client;
  const file = readFile(options.value.file);
  if (!file.ok) return file;
  const plan = await planFile(client.value, file.value, toPlanOptions(options.value));
  if (!plan.ok) return plan;
  for (const line of describePlan(plan.value)) console.log(line);
  if (plan.value.counts.invalid > 0) {
    const kept = await keep(client.value, options.value, { what: 'to-fix', path: `plans/${plan.value.id}/errors.csv` });
    if (!kept.ok) return kept;
  }
  return decide(client.value, options.value, plan.value);
}

async function decide(client: EdgeClient, options: OnboardOptions, plan: Plan): Promise<Result<boolean, string>> {
  const { create, update, invalid } = plan.counts;
  if (create + update === 0 && invalid === 0) return ok(true);
  if (!plan.runnable) {
    return err(
      options.onInvalid === 'reject' && create + update > 0
        ? 'Nothing was begun: correct the invalid rows, or leave them out with --on-invalid skip.'
        : 'Nothing was begun: no row is valid.',
    );
  }
  if (options.isDryRun) return ok(true);
  const confirmed = await confirm(options, `Bring on ${create + update} locations?`);
  if (!confirmed.ok) return confirmed;
  await waitForGeocoding(client, plan);
  const name = options.name ?? basename(options.file);
  const begun = await beginBatch(client, { planId: plan.id, name, onFailure: options.onFailure });
  if (!begun.ok) return err(`The batch did not begin. ${begun.error}`);
  console.log(`batch ${begun.value.batchId}; Ctrl-C here stops only looking at it`);
  const followed = await followBatch(client, begun.value.batchId);
  return followed.ok ? report(client, options, followed.value) : followed;
}

async function report(client: EdgeClient, options: OnboardOptions, batch: Batch): Promise<Result<boolean, string>> {
  const { counts, total, batchId } = batch;
  const failed = total - counts.succeeded;
  console.log(`total ${total}, successful ${counts.succeeded}, failed ${failed}`);
  const rows = await readBatchRows(client, batchId);
  if (!rows.ok) return rows;
  const tasks = rows.value.reduce((sum, { openTasks }) => sum + openTasks, 0);
  if (tasks > 0) console.log(`${tasks} tasks are left that only people can do: GET /v1/onboarding/tasks`);
  if (failed === 0) return ok(true);
  for (const { row, name, status, error } of rows.value.filter(({ status }) => status !== 'succeeded')) {
    const why = error ? `${error.step ?? 'opening'}: ${error.detail} ${error.action}` : status;
    console.log(`  row ${row} ${name}: ${why}`);
  }
  const kept = await keep(client, options, { what: 'failed', path: `batches/${batchId}/errors.csv` });
  return kept.ok ? ok(false) : kept;
}

/** Writes rows to be put right and sent again beside where it is run, under the file's own name. */
async function keep(
  client: EdgeClient,
  { file }: OnboardOptions,
  { what, path }: { what: string; path: string },
): Promise<Result<null, string>> {
  const csv = await client.download(`/v1/onboarding/${path}`, DOWNLOAD_TIMEOUT_MS);
  if (!csv.ok) return err(`The rows to correct could not be had. ${describeProblem(csv.error)}`);
  const target = `${basename(file, extname(file))}.${what}.csv`;
  // A spreadsheet knows UTF-8 by the mark, which reading took off.
  writeFileSync(target, `\uFEFF${csv.value}`);
  console.log(`rows to correct: ${target}`);
  return ok(null);
}

function readFile(file: string): Result<Uint8Array<ArrayBuffer>, string> {
  try {
    return ok(new Uint8Array(readFileSync(file)));
  } catch (error) {
    return err(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function toPlanOptions({ onInvalid, mapping, emailRule }: OnboardOptions) {
  return { onInvalid, ...(mapping === null ? {} : { mapping }), ...(emailRule === null ? {} : { emailRule }) };
}

async function confirm({ isConfirmed }: OnboardOptions, question: string): Promise<Result<null, string>> {
  if (isConfirmed) return ok(null);
  if (!process.stdin.isTTY) return err(`${question} Say so with --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim()) ? ok(null) : err('Nothing was begun.');
}
