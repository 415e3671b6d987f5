// Runs a move as a process of its own that kills itself, as kill -9 does, in the middle of the step that KILL_IN names.
import { parseSourceMap } from '../source-layout.ts';
import { scaleUp } from '../scale-up.ts';

const { SOURCE_URL = '', TARGET_URL = '', FOLDER = '', KILL_IN, KILL_AT = '1', CHUNK_ROWS = '20000' } = process.env;
let seen = 0;

const tell = (fact: unknown) => process.stdout.write(`${JSON.stringify(fact)}\n`);
const readPeakMegabytes = () => Math.round(process.resourceUsage().maxRSS / 1024);

const moved = await scaleUp({
  from: SOURCE_URL,
  to: TARGET_URL,
  folder: FOLDER,
  personHashKey: 'a person hash key for tests, 32+ long',
  map: parseSourceMap({}),
  chunkRows: Number(CHUNK_ROWS),
  happened: ({ step, what }) => {
    if (what === 'done') tell({ step, peakMegabytes: readPeakMegabytes() });
    if (step !== KILL_IN || what !== 'inside') return;
    seen += 1;
    if (seen >= Number(KILL_AT)) process.kill(process.pid, 'SIGKILL');
  },
});
tell({ moved, peakMegabytes: readPeakMegabytes() });
