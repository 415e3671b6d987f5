const TICK_MS = 200;

const isTerminal = process.stdout.isTTY;

/**
 * One line per step: shown while it runs on a terminal, ended by its time. `work` may report what it does in the middle (such work
 * gets a line of its own); it answers the value and the words that the line ends up with.
 */
export async function runStep<T>(
  name: string,
  work: (report: (doing: string) => void) => Promise<{ value: T; done: string }>,
): Promise<T> {
  const startedMs = performance.now();
  const elapsed = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  const redraw = () => isTerminal && process.stdout.write(`\r\u001B[K… ${name}  ${elapsed()}`);
  const print = (line: string) => console.log(isTerminal ? `\r\u001B[K${line}` : line);
  redraw();
  const timer = setInterval(redraw, TICK_MS);
  try {
    const { value, done } = await work((doing) => print(`  ${doing}`));
    print(`✓ ${done}  ${elapsed()}`);
    return value;
  } catch (error) {
    print(`✗ ${name}  ${elapsed()}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
