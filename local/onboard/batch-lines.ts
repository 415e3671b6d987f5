import { z } from 'zod';

const BAR_WIDTH = 24;

/** What of a batch's answer is shown. */
export const batchSchema = z.object({
  batchId: z.string(),
  name: z.string(),
  status: z.string(),
  total: z.number(),
  finishedAt: z.string().nullable(),
  counts: z.object({
    queued: z.number(),
    active: z.number(),
    waiting: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    cancelled: z.number(),
    rolledBack: z.number(),
    rolledBackWithTasks: z.number(),
  }),
  steps: z.array(z.object({ step: z.string(), done: z.number() })),
  waitsFor: z.record(z.string(), z.number()),
});

export type Batch = z.output<typeof batchSchema>;

/** A batch's progress: a bar for each step, and what its rows do now. */
export function drawBatch({ steps, total, counts, waitsFor }: Batch, seconds: number): string[] {
  const width = Math.max(...steps.map(({ step }) => step.length));
  const bars = steps.map(({ step, done }) => {
    const filled = total === 0 ? 0 : Math.floor((done / total) * BAR_WIDTH);
    return `  ${step.padEnd(width)} ${'█'.repeat(filled).padEnd(BAR_WIDTH, '░')} ${String(done).padStart(String(total).length)}/${total}`;
  });
  const waits = Object.entries(waitsFor).map(([what, count]) => `${count} wait for ${what}`);
  const failed = counts.failed > 0 ? [`${counts.failed} failed`] : [];
  const now = [`${counts.active} at work`, `${counts.queued} queued`, ...waits, ...failed];
  return [...bars, `  ${now.join(' · ')} · ${Math.round(seconds)} s`];
}

/** Rows that have come to an end, one way or another. */
export function countOver({ total, counts }: Batch): number {
  return total - counts.queued - counts.active - counts.waiting;
}
