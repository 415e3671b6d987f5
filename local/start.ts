// npm start: the whole stack on this machine, until Ctrl-C. `--stop` ends the one that runs.
import { parseStartOptions } from './stack/options.ts';
import { stopRunningStack } from './stack/running-stack.ts';
import { serveStack } from './stack/serve.ts';

const options = parseStartOptions(process.argv.slice(2));
if (!options.ok) {
  console.error(options.error);
  process.exit(1);
}
process.exit(options.value.action === 'stop' ? await stop() : await serveStack(options.value));

async function stop(): Promise<number> {
  try {
    const stopped = await stopRunningStack();
    console.log(stopped === null ? 'No stack is running here.' : `Stopped (process ${stopped}).`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}
