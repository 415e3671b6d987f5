import type { SSEStreamingApi } from 'hono/streaming';
import { findOnboardingBatch } from '../../../db/queries/find-onboarding-batch.ts';
import { findLastBatchEvent, listOnboardingBatchEvents } from '../../../db/queries/list-onboarding-batch-events.ts';
import type { OnboardingDeps } from './deps.ts';
import { showBatch, type ShownBatch } from './shown-batch.ts';

const READ_EVERY_MS = 2000;
const EVENTS_PER_READ = 500;
/** A stream ends after this; whoever listens comes back by itself after `retry`, with the last id it had. */
const MAX_STREAM_MS = 300_000;
const COME_BACK_MS = 1000;
const MILESTONES_PERCENT = [25, 50, 75, 100] as const;

interface StreamRequest {
  readonly batchId: string;
  /** The id of the last event that the listener has; null: from now on. */
  readonly after: number | null;
}

/**
 * Tells a batch's progress as server-sent events: `progress` when counts change, `step` for what happened to a row, `milestone`
 * at each quarter, and one `summary` at its end, after which the stream closes.
 */
export async function streamBatch(
  deps: Pick<OnboardingDeps, 'database' | 'nowMs'>,
  stream: SSEStreamingApi,
  { batchId, after }: StreamRequest,
): Promise<void> {
  const endsAtMs = deps.nowMs() + MAX_STREAM_MS;
  let last = after ?? (await findLastBatchEvent(deps.database, batchId));
  let told = '';
  let reached: number | null = null;
  await stream.writeSSE({ event: 'open', data: '{}', retry: COME_BACK_MS });
  while (!stream.aborted && deps.nowMs() < endsAtMs) {
    // The batch first: every event of a row that it counts as done comes before its summary.
    const batch = await findOnboardingBatch(deps.database, batchId);
    if (!batch) return;
    const events = await listOnboardingBatchEvents(deps.database, { batchId, after: last, limit: EVENTS_PER_READ });
    for (const event of events) {
      last = event.eventId;
      await stream.writeSSE({ event: 'step', id: String(last), data: JSON.stringify(event) });
    }
    if (events.length === EVENTS_PER_READ) continue;
    const shown = showBatch(batch);
    const progress = JSON.stringify(shown);
    if (progress !== told) await stream.writeSSE({ event: 'progress', data: progress });
    told = progress;
    const percent = findMilestone(shown);
    if (reached !== null && percent > reached)
      await stream.writeSSE({ event: 'milestone', data: describe(shown, percent) });
    reached = percent;
    if (shown.finishedAt !== null) {
      await stream.writeSSE({ event: 'summary', data: progress });
      return;
    }
    await stream.sleep(READ_EVERY_MS);
  }
}

function findMilestone({ total, counts }: ShownBatch): number {
  const over = total - counts.queued - counts.active - counts.waiting;
  return MILESTONES_PERCENT.findLast((percent) => over * 100 >= percent * total) ?? 0;
}

function describe({ batchId, total, counts }: ShownBatch, percent: number): string {
  const { succeeded, failed } = counts;
  return JSON.stringify({ batchId, percent, total, succeeded, failed });
}
