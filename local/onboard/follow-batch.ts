import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { describeProblem, type EdgeClient } from '../demo/edge-client.ts';
import { batchSchema, type Batch } from './batch-lines.ts';
import { createBatchView } from './batch-view.ts';

const LOOK_EVERY_MS = 500;
const LOOK_TIMEOUT_MS = 20_000;
/** Looks in a row that had no answer: the router may be away for a while, and the batch goes on. */
const MAX_UNANSWERED = 120;
const ROWS_PER_PAGE = 500;

const rowSchema = z.object({
  row: z.number(),
  name: z.string(),
  franchiseCode: z.string(),
  status: z.string(),
  openTasks: z.number(),
  error: z.object({ step: z.string().nullable(), detail: z.string(), action: z.string() }).nullable(),
});

export type BatchRow = z.output<typeof rowSchema>;

/** Shows a batch's progress until its last row has come to an end; stopping to look stops nothing else. */
export async function followBatch(client: EdgeClient, batchId: string): Promise<Result<Batch, string>> {
  const view = createBatchView();
  for (let unanswered = 0; ;) {
    const answer = await client.send({ path: `/v1/onboarding/batches/${batchId}`, timeoutMs: LOOK_TIMEOUT_MS });
    if (answer.ok) {
      unanswered = 0;
      const batch = batchSchema.parse(answer.value);
      view.show(batch);
      if (batch.finishedAt !== null) return ok(batch);
      if (batch.status === 'paused') return err(`The batch ${batchId} is paused.`);
    } else if (answer.error.status !== null && answer.error.status < 500) {
      return err(`The batch cannot be looked at. ${describeProblem(answer.error)}`);
    } else if (++unanswered > MAX_UNANSWERED) {
      return err(`The router does not answer any more; the batch ${batchId} goes on with it.`);
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** The rows of a batch, or those of one status. */
export async function readBatchRows(
  client: EdgeClient,
  batchId: string,
  status?: string,
): Promise<Result<BatchRow[], string>> {
  const pageSchema = z.object({ items: z.array(rowSchema), nextCursor: z.string().nullable() });
  const rows: BatchRow[] = [];
  for (let cursor: string | null = '0'; cursor !== null;) {
    const query = new URLSearchParams({ limit: String(ROWS_PER_PAGE), cursor, ...(status ? { status } : {}) });
    const path = `/v1/onboarding/batches/${batchId}/rows?${query.toString()}`;
    const answer = await client.send({ path, timeoutMs: LOOK_TIMEOUT_MS });
    if (!answer.ok) return err(`The batch's rows cannot be looked at. ${describeProblem(answer.error)}`);
    const page: z.output<typeof pageSchema> = pageSchema.parse(answer.value);
    rows.push(...page.items);
    cursor = page.nextCursor;
  }
  return ok(rows);
}
