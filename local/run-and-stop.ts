/** Takes down what it is given, last first. */
export type OnStarted = (stop: () => unknown) => void;

/**
 * Runs a command and stops all that it started when it ends, fails or is interrupted, also what starts while the rest is being stopped.
 * @returns the command's exit code; 1 where it threw, whose message is printed
 */
export async function runAndStop(command: (onStarted: OnStarted) => Promise<number>): Promise<number> {
  const stops: (() => unknown)[] = [];
  let stopping: Promise<void> | null = null;
  const stopEach = async (): Promise<void> => {
    for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
  };
  // Whoever asks second, after a signal, waits for the same end.
  const stopAll = (): Promise<void> => (stopping ??= stopEach());
  const onStarted: OnStarted = (stop) => {
    stops.push(stop);
    if (stopping) stopping = stopping.then(stopEach);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stopAll().finally(() => process.exit(1)));
  }
  try {
    return await command(onStarted);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await stopAll();
  }
}
