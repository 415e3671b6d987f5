type Running = { port: number; stop: () => Promise<void> };

/**
 * Runs a stand-in as a process of its own: one JSON line on stdout when it listens, one line on stderr and exit code 1 when it
 * cannot start, a clean stop on SIGINT or SIGTERM.
 */
export async function runStandIn(start: () => Promise<Running>): Promise<void> {
  try {
    const { port, stop } = await start();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
    console.log(JSON.stringify({ ready: true, port }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
