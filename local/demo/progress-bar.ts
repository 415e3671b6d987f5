const WIDTH = 30;
const REDRAW_MS = 100;
/** Without a terminal, a line each time another quarter is done. */
const PLAIN_STEPS = 4;

export type ProgressBar = {
  readonly advance: () => void;
  /** To a count that is known, of a total that may have grown. */
  readonly advanceTo: (count: number, total: number) => void;
};

export function createProgressBar({ what, total: expected }: { what: string; total: number }): ProgressBar {
  const isTerminal = process.stdout.isTTY;
  const startedMs = performance.now();
  let total = expected;
  let done = 0;
  let drawnAtMs = 0;
  const draw = () => {
    const filled = '█'.repeat(Math.floor((done / total) * WIDTH)).padEnd(WIDTH, '░');
    const perSecond = Math.round(done / ((performance.now() - startedMs) / 1000));
    process.stdout.write(`\r\u001B[K  ${what} ${filled} ${done}/${total}  ${perSecond}/s${done === total ? '\n' : ''}`);
    drawnAtMs = performance.now();
  };
  const advanceTo = (count: number, newTotal: number) => {
    const before = done;
    total = newTotal;
    done = count;
    const isDue = done === total || performance.now() - drawnAtMs >= REDRAW_MS;
    if (isTerminal && isDue) draw();
    const quarter = (rows: number) => Math.floor((rows / total) * PLAIN_STEPS);
    if (!isTerminal && quarter(done) > quarter(before)) console.log(`  ${what} ${done}/${total}`);
  };
  return { advance: () => advanceTo(done + 1, total), advanceTo };
}
