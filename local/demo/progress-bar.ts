const WIDTH = 30;
const REDRAW_MS = 100;
/** Without a terminal, a line each time another quarter is done. */
const PLAIN_STEPS = 4;

export type ProgressBar = { readonly advance: () => void };

export function createProgressBar({ what, total }: { what: string; total: number }): ProgressBar {
  const isTerminal = process.stdout.isTTY;
  const startedMs = performance.now();
  let done = 0;
  let drawnAtMs = 0;
  const draw = () => {
    const filled = '█'.repeat(Math.floor((done / total) * WIDTH)).padEnd(WIDTH, '░');
    const perSecond = Math.round(done / ((performance.now() - startedMs) / 1000));
    process.stdout.write(`\r\u001B[K  ${what} ${filled} ${done}/${total}  ${perSecond}/s${done === total ? '\n' : ''}`);
    drawnAtMs = performance.now();
  };
  const advance = () => {
    done += 1;
    const isDue = done === total || performance.now() - drawnAtMs >= REDRAW_MS;
    if (isTerminal && isDue) draw();
    const quarter = (count: number) => Math.floor((count / total) * PLAIN_STEPS);
    if (!isTerminal && quarter(done) > quarter(done - 1)) console.log(`  ${what} ${done}/${total}`);
  };
  return { advance };
}
