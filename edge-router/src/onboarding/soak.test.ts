// Real locations brought on as one batch, against a HighLevel whose budgets and snapshot queue are as narrow as the real one's, only
// faster. 30 as a test; `npm run soak:onboarding` takes 300 and holds the time that they took against what HighLevel allows.
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFranchiseLocations } from '../locations/testing/franchise-locations.ts';
import { BULK_PERCENT, GUARD_MS } from '../highlevel/rules/budget.ts';
import { startBatchStack, type BatchStack } from './testing/batch-stack.ts';
import { sheetRow } from './testing/otterbrook.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const LOCATIONS = Number(process.env['SOAK_LOCATIONS'] ?? 30);
const IS_SOAK = process.env['SOAK_LOCATIONS'] !== undefined;
/** Of the soak, time is held to account: it must be slow enough for one process to keep up with. */
const TIME_SCALE = Number(process.env['SOAK_TIME_SCALE'] ?? (IS_SOAK ? 8 : 100));
const MAX_COMPANY_CALLS = 8;
const MAX_RATIO = 1.15;
const LOADS_PER_WINDOW = 100;
const WINDOW_SECONDS = 600;
const BURST = 100;
const BURST_SECONDS = 10;
const LOOK_EVERY_MS = 1000;
const TIMEOUT_MS = 1_800_000;

let stack: BatchStack;
let ratio: number | null = null;

beforeAll(async () => {
  stack = await startBatchStack({
    timeScale: TIME_SCALE,
    qstashTimeScale: TIME_SCALE,
    sandboxSettings: { rateLimits: { timeScale: TIME_SCALE } },
  });
});

afterAll(() => stack.stop());

const send = async (method: string, path: string, body?: unknown): Promise<Json> =>
  (await stack.test.router.send(method, `/v1/onboarding/${path}`, body === undefined ? {} : { body })).json();

it(
  `${LOCATIONS} locations: no 429, no row lost, at most ${MAX_COMPANY_CALLS} company calls each`,
  { timeout: TIMEOUT_MS },
  async () => {
    const plan = await send('POST', 'plan', { rows: listRows(), onInvalid: 'skip' });
    expect([plan.counts?.create, plan.counts?.invalid]).toEqual([LOCATIONS, 0]);
    await stack.test.sandbox.admin('DELETE', 'requests');
    const startedMs = performance.now();
    const { batchId } = await send('POST', 'batches', { planId: plan.id });
    const batch = await follow(batchId, startedMs);
    const seconds = (performance.now() - startedMs) / 1000;
    expect((await send('GET', `batches/${batchId}/rows?status=failed`)).items).toEqual([]);
    expect(batch.counts).toMatchObject({ succeeded: LOCATIONS });
    const { byStatus, byBucket } = await stack.test.sandbox.admin('GET', 'requests/summary');
    const company = sum(Object.entries<number>(byBucket).filter(([bucket]) => bucket.startsWith('company:')));
    const allowed = measureAllowed(company);
    console.log(
      [
        `${LOCATIONS} locations, HighLevel ${TIME_SCALE} times as fast: ${seconds.toFixed(1)} s`,
        `  allowed: ${allowed.seconds.toFixed(1)} s (snapshot queue ${allowed.snapshots.toFixed(1)}, company budget ${allowed.budget.toFixed(1)}); ratio ${(seconds / allowed.seconds).toFixed(2)}`,
        `  calls: ${sum(Object.entries<number>(byBucket))}, of the company's budget ${company}: ${(company / LOCATIONS).toFixed(2)} for each location; answers ${JSON.stringify(byStatus)}`,
      ].join('\n'),
    );
    expect(byStatus).not.toHaveProperty('429');
    expect(company / LOCATIONS).toBeLessThanOrEqual(MAX_COMPANY_CALLS);
    await expectAllInPlace();
    ratio = seconds / allowed.seconds;
  },
);

// 30 locations are over before the queue that bounds 300 is full: their own steps are most of their time.
it.runIf(IS_SOAK)(`took at most ${MAX_RATIO} times what HighLevel allows`, () => {
  expect(ratio).not.toBeNull();
  expect(ratio).toBeLessThanOrEqual(MAX_RATIO);
});

async function follow(batchId: string, startedMs: number): Promise<Json> {
  for (let told = 0; ;) {
    const batch = await send('GET', `batches/${batchId}`);
    if (batch.finishedAt !== null) return batch;
    const tenth = Math.floor((batch.counts.succeeded / LOCATIONS) * 10);
    if (IS_SOAK && tenth > told) {
      const steps = batch.steps.map(({ done }: Json) => done).join(' ');
      console.log(
        `  ${batch.counts.succeeded} after ${((performance.now() - startedMs) / 1000).toFixed(0)} s (${steps})`,
      );
      told = tenth;
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** What HighLevel allows at best: its queue of snapshot loads, and the company's calls, whichever takes longer. */
function measureAllowed(companyCalls: number): { snapshots: number; budget: number; seconds: number } {
  const snapshots = ((LOCATIONS / LOADS_PER_WINDOW) * WINDOW_SECONDS) / TIME_SCALE;
  const interval = BURST_SECONDS / TIME_SCALE + GUARD_MS / 1000;
  const budget = (companyCalls / ((BURST * BULK_PERCENT) / 100)) * interval;
  return { snapshots, budget, seconds: Math.max(snapshots, budget) };
}

/** One sub-account, calendar user and webhook secret for each. */
async function expectAllInPlace(): Promise<void> {
  const { rows } = await stack.database.pool.query<{ active: number; accounts: number }>(`
    select count(*) filter (where active)::int as active, count(distinct ghl_location_id)::int as accounts
    from location_keys`);
  expect(rows).toEqual([{ active: LOCATIONS, accounts: LOCATIONS }]);
  const { locations } = await stack.test.sandbox.admin('GET', 'export');
  // And the template.
  expect(locations).toHaveLength(LOCATIONS + 1);
}

const sum = (entries: readonly [string, number][]): number => entries.reduce((total, [, count]) => total + count, 0);

/** Every so many-th of the real locations, each with a manager of its own; made-up ones where the real are not at hand. */
function listRows(): Record<string, unknown>[] {
  const text = readFranchiseLocations();
  if (text === null) return Array.from({ length: LOCATIONS }, () => sheetRow());
  const all = parse<Record<string, string>>(text, { columns: true, bom: true }).filter(({ phone }) => phone);
  const step = Math.floor(all.length / LOCATIONS);
  return Array.from({ length: LOCATIONS }, (_, index) => toSheetRow(all[index * step] ?? {}));
}

function toSheetRow(row: Record<string, string>): Record<string, unknown> {
  return {
    'Location Name': row['store_name'],
    Address: row['street'],
    City: row['city'],
    State: row['state'],
    'Zip Code': row['zip'],
    Phone: row['phone'],
    Timezone: row['timezone'],
    Latitude: row['latitude'],
    Longitude: row['longitude'],
    'Franchise Code': row['store_id'],
    Email: `store-${row['store_id']}@example.com`,
    'Manager Name': 'Avery Okonkwo',
    'Manager Email': `manager-${row['store_id']}@example.com`,
  };
}
