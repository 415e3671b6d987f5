import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startBatchStack, type BatchStack } from '../../edge-router/src/onboarding/testing/batch-stack.ts';
import { sheetRow } from '../../edge-router/src/onboarding/testing/otterbrook.ts';
import { csvOf } from '../../edge-router/src/testing/test-rows.ts';
import { PROJECT } from '../stack/local-folder.ts';

const TIMEOUT_MS = 120_000;

let stack: BatchStack;
let folder = '';

beforeAll(async () => {
  stack = await startBatchStack();
});
afterAll(() => stack.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-onboard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The command as it is run in a folder, without a terminal. */
async function onboard(rows: Record<string, unknown>[], ...args: string[]) {
  writeFileSync(join(folder, 'new.csv'), csvOf(rows as Record<string, string>[]));
  const { config } = stack.test.router.deps;
  const env = { ...process.env, SWITCHYARD_EDGE: config.publicUrl, SWITCHYARD_API_KEY: stack.test.router.apiKey };
  const child = spawn(process.execPath, [join(PROJECT, 'local/onboard/main.ts'), 'new.csv', ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { out, error, code };
}

const countBatches = async (): Promise<number> => {
  const { rows } = await stack.database.pool.query<{ count: number }>('select count(*)::int from onboarding_batches');
  return rows[0]?.count ?? -1;
};

test(
  'a file is planned, brought on and told of; what fails ends in a file to correct, and in the exit code',
  { timeout: TIMEOUT_MS },
  async () => {
    const rows = [sheetRow(), sheetRow(), sheetRow()];
    await stack.client.open({ batch: 'somebody else', row: rows[1] });
    const { out, error, code } = await onboard(rows, '--yes');
    expect(error).toBe('');
    expect(out).toContain('3 rows: 3 to create, 0 to update, 0 as they should be, 0 invalid');
    expect(out).toContain('total 3, successful 2, failed 1');
    expect(out).toMatch(/row 3 Otterbrook Plumbing \d+: opening: The run .* is open for this location/);
    expect(code).toBe(1);
    const failed = readFileSync(join(folder, 'new.failed.csv'), 'utf8');
    expect(failed.trim().split('\r\n')).toHaveLength(2);
    expect(failed).toContain(String(rows[1]?.['Franchise Code']));
  },
);

test('a file that was brought on has nothing to do', { timeout: TIMEOUT_MS }, async () => {
  const rows = [sheetRow()];
  expect((await onboard(rows, '--yes')).code).toBe(0);
  const again = await onboard(rows, '--yes');
  expect([again.code, again.error]).toEqual([0, '']);
  expect(again.out).toContain('0 to create, 0 to update, 1 as they should be');
});

test(
  'invalid rows are named by row and column, kept in a file, and stop the rest unless they are to be skipped',
  { timeout: TIMEOUT_MS },
  async () => {
    const rows = [sheetRow(), sheetRow({ State: 'Alabamma', Phone: '12' })];
    const before = await countBatches();
    const refused = await onboard(rows, '--yes');
    expect([refused.code, refused.error.trim()]).toEqual([
      1,
      'Nothing was begun: correct the invalid rows, or leave them out with --on-invalid skip.',
    ]);
    expect(refused.out).toMatch(/row 3 +State +Alabamma/);
    expect(refused.out).toMatch(/row 3 +Phone +12/);
    expect(readdirSync(folder)).toContain('new.to-fix.csv');
    expect(await countBatches()).toBe(before);
    const skipped = await onboard(rows, '--yes', '--on-invalid', 'skip');
    expect([skipped.code, skipped.out]).toEqual([0, expect.stringContaining('total 1, successful 1, failed 0')]);
  },
);

test('nothing begins in a dry run, nor without a yes', { timeout: TIMEOUT_MS }, async () => {
  const before = await countBatches();
  expect((await onboard([sheetRow()], '--dry-run')).code).toBe(0);
  const unconfirmed = await onboard([sheetRow()]);
  expect([unconfirmed.code, unconfirmed.error.trim()]).toEqual([1, 'Bring on 1 locations? Say so with --yes.']);
  expect(await countBatches()).toBe(before);
});
