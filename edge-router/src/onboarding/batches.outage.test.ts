import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../local/testing/eventually.ts';
import { runEveryMinute } from '../jobs/sweep.ts';
import { startBatchStack, type BatchStack } from './testing/batch-stack.ts';
import { sheetRow } from './testing/otterbrook.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

/** A second here is so many of QStash's, of the Cron's and of every lease's. */
const TIME_SCALE = 20;
const OUTAGE_MS = 30_000 / TIME_SCALE;
const TICK_MS = 250;
const ROWS = 6;

let stack: BatchStack;
let ticking: AbortController;
let clock: Promise<void>;

beforeAll(async () => {
  stack = await startBatchStack({ qstashTimeScale: TIME_SCALE });
});

afterAll(() => stack.stop());

beforeEach(() => {
  ticking = new AbortController();
  clock = runClock(ticking.signal);
});

afterEach(async () => {
  ticking.abort();
  await clock;
});

/** Leases and waits in Postgres run down at the scale, and the minute's Cron fires by it. */
async function runClock(signal: AbortSignal): Promise<void> {
  const { router } = stack.test;
  const more = ((TIME_SCALE - 1) * TICK_MS) / 1000;
  for (let ticks = 1; !signal.aborted; ticks++) {
    await delay(TICK_MS);
    // The locks that the functions themselves take first, or two of them could wait for each other.
    for (const [table, column] of leases) {
      await stack.database.pool.query(
        `begin; select hold_onboarding_batches(); update ${table} set ${column} = ${column} - interval '${more} s'; commit`,
      );
    }
    if (ticks % (60_000 / TIME_SCALE / TICK_MS) === 0) await runEveryMinute(router.app, router.deps);
  }
}

const leases = [
  ['onboarding_locations', 'lease_until'],
  ['onboarding_locks', 'held_until'],
  ['onboarding_effects', 'settles_at'],
  ['onboarding_batch_rows', 'active_until'],
  ['onboarding_batch_rows', 'due_at'],
] as const;

async function send(method: string, path: string, body?: unknown): Promise<Json> {
  const answer = await stack.test.router.send(method, `/v1/onboarding/${path}`, body === undefined ? {} : { body });
  return answer.json();
}

describe.each(['redis', 'postgres', 'qstash'] as const)(
  'while %s is away for 30 s in the middle of a batch',
  (part) => {
    it('no row is lost or done twice, and the batch finishes', { timeout: 180_000 }, async () => {
      const given = Array.from({ length: ROWS }, () => sheetRow());
      const plan = await send('POST', 'plan', { rows: given });
      const { batchId } = await send('POST', 'batches', { planId: plan.id });
      await eventually(async () => {
        const { steps } = await send('GET', `batches/${batchId}`);
        expect(steps.find(({ step }: Json) => step === 'create-sub-account').done).toBeGreaterThan(0);
      });
      const outage = stack.outages[part];
      await outage.begin();
      const before = await countSucceeded(batchId);
      await delay(OUTAGE_MS);
      await outage.end();
      expect(before).toBeLessThan(ROWS);
      const done = await eventually(
        async () => {
          const batch = await send('GET', `batches/${batchId}`);
          expect(batch.finishedAt).not.toBeNull();
          return batch;
        },
        { timeoutMs: 150_000, intervalMs: 250 },
      );
      expect((await send('GET', `batches/${batchId}/rows?status=failed`)).items).toEqual([]);
      expect(done.counts).toMatchObject({ succeeded: ROWS });
      const { locations } = await stack.test.sandbox.admin('GET', 'export');
      for (const row of given) {
        expect(locations.filter(({ name }: Json) => name === row['Location Name'])).toHaveLength(1);
      }
    });
  },
);

async function countSucceeded(batchId: string): Promise<number> {
  const { rows } = await stack.database.pool.query<{ count: number }>(
    `select count(*)::int from onboarding_batch_rows where batch_id = $1 and status = 'succeeded'`,
    [batchId],
  );
  return rows[0]?.count ?? -1;
}
