import { countOver, drawBatch, type Batch } from './batch-lines.ts';

/** Without a terminal, a line each time another tenth is done. */
const PLAIN_STEPS = 10;

export type BatchView = { readonly show: (batch: Batch) => void };

/** Shows a batch's progress again and again in the same lines of the terminal; elsewhere, a line now and then. */
export function createBatchView(): BatchView {
  const startedMs = performance.now();
  let drawn = 0;
  let told = -1;
  const redraw = (lines: readonly string[]) => {
    const up = drawn > 0 ? `\u001B[${drawn}A` : '';
    process.stdout.write(`${up}${lines.map((line) => `\u001B[K${line}\n`).join('')}`);
    drawn = lines.length;
  };
  return {
    show: (batch) => {
      const seconds = (performance.now() - startedMs) / 1000;
      if (process.stdout.isTTY) return redraw(drawBatch(batch, seconds));
      const tenth = batch.total === 0 ? PLAIN_STEPS : Math.floor((countOver(batch) / batch.total) * PLAIN_STEPS);
      if (tenth <= told) return;
      told = tenth;
      const steps = batch.steps.map(({ step, done }) => `${step} ${done}`).join(', ');
      console.log(`  ${countOver(batch)}/${batch.total} done after ${Math.round(seconds)} s (${steps})`);
    },
  };
}
