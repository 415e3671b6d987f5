import { expect, test } from 'vitest';
import { countOver, drawBatch, type Batch } from './batch-lines.ts';

const batch: Batch = {
  batchId: 'b',
  name: 'spring',
  status: 'running',
  total: 75,
  finishedAt: null,
  counts: {
    queued: 20,
    active: 5,
    waiting: 40,
    succeeded: 8,
    failed: 2,
    cancelled: 0,
    rolledBack: 0,
    rolledBackWithTasks: 0,
  },
  steps: [
    { step: 'create-record', done: 55 },
    { step: 'activate', done: 8 },
  ],
  waitsFor: { snapshot: 38, 'probe event': 2 },
};

test('a batch is a bar for each step, and a line of what its rows do now', () => {
  expect(drawBatch(batch, 12.4).join('\n')).toMatchInlineSnapshot(`
    "  create-record █████████████████░░░░░░░ 55/75
      activate      ██░░░░░░░░░░░░░░░░░░░░░░  8/75
      5 at work · 20 queued · 38 wait for snapshot · 2 wait for probe event · 2 failed · 12 s"
  `);
  expect(countOver(batch)).toBe(10);
});
