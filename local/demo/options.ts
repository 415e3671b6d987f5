import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { PROJECT } from '../stack/local-folder.ts';

const EXAMPLES = join(PROJECT, 'examples');
const DEFAULT_LEADS = 1000;
const DEFAULT_CONCURRENCY = 16;
const MAX_LEADS = 1_000_000;
const MAX_CONCURRENCY = 256;
const MAX_SEED = 2 ** 31;

export type DemoOptions = {
  readonly locations: string;
  /** The examples' own: they are brought on through the HighLevel sandbox instead of being imported. */
  readonly isExamples: boolean;
  /** Null leaves the territories as they are: the examples' name franchise codes that another file does not have. */
  readonly territories: string | null;
  readonly leads: number;
  readonly concurrency: number;
  /** Null: one that belongs to the locations file, so that other locations get leads of their own. */
  readonly seed: number | null;
  /** Where to draw the leads' ways to their locations. */
  readonly map: string | null;
};

/** The command line of `npm run demo`, or one line that says what is wrong with it. */
export function parseDemoOptions(args: readonly string[]): Result<DemoOptions, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        locations: { type: 'string' },
        territories: { type: 'string' },
        leads: { type: 'string' },
        concurrency: { type: 'string' },
        seed: { type: 'string' },
        map: { type: 'string' },
      },
    });
    const { locations, territories, leads, concurrency, seed, map } = values;
    return ok({
      locations: locations ?? join(EXAMPLES, 'locations-100.csv'),
      isExamples: locations === undefined,
      territories: territories ?? (locations === undefined ? join(EXAMPLES, 'territories-100.csv') : null),
      leads: readCount(leads, { name: 'leads', min: 1, max: MAX_LEADS }) ?? DEFAULT_LEADS,
      concurrency: readCount(concurrency, { name: 'concurrency', min: 1, max: MAX_CONCURRENCY }) ?? DEFAULT_CONCURRENCY,
      seed: readCount(seed, { name: 'seed', min: 0, max: MAX_SEED }),
      map: map ?? null,
    });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const taken = '--locations FILE, --territories FILE, --leads N, --concurrency N, --seed N, --map FILE.svg';
    return err(`${error.message.split('. ')[0]}. npm run demo takes: ${taken}.`);
  }
}

function readCount(
  text: string | undefined,
  { name, min, max }: { name: string; min: number; max: number },
): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= min && count <= max) return count;
  throw new RangeError(`--${name} is a whole number from ${min} to ${max}, not "${text}"`);
}
