import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../edge-router/src/rules/result.ts';

/** `examples/locations-100.csv` for 100; generated around real ZIPs for any other number an import takes. */
const MAX_LOCATIONS = 10_000;

export interface BenchOptions {
  /** Where the results go as JSON as well; null: the table only. */
  readonly jsonFile: string | null;
  readonly locations: number;
  readonly rounds: number;
  /** Of one scenario in one round, per number of clients. */
  readonly segmentMs: number;
  /** Of each pure computation. */
  readonly cpuCalls: number;
}

const USAGE = `Usage: npm run bench -- [--quick] [--json FILE] [--locations 100..${MAX_LOCATIONS}]`;

export function parseBenchOptions(args: readonly string[]): Result<BenchOptions, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { quick: { type: 'boolean' }, json: { type: 'string' }, locations: { type: 'string' } },
    });
    const locations = Number(values.locations ?? 100);
    if (!Number.isInteger(locations) || locations < 100 || locations > MAX_LOCATIONS) return err(USAGE);
    const length = values.quick
      ? { rounds: 2, segmentMs: 300, cpuCalls: 2000 }
      : { rounds: 5, segmentMs: 1000, cpuCalls: 10_000 };
    return ok({ jsonFile: values.json ?? null, locations, ...length });
  } catch {
    return err(USAGE);
  }
}
