import { parseArgs } from 'node:util';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

export type BacktestOptions = {
  /** Leads of the last so many days. */
  readonly days: number;
  readonly rules: number | null;
  readonly territories: number | null;
  readonly source: string | null;
  readonly before: 'in_effect' | 'assigned';
};

const USAGE = 'npm run backtest takes: --days N, --rules VERSION, --territories VERSION, --source NAME, --assigned';
const DEFAULT_DAYS = '90';
const MAX_DAYS = 3650;
const MAX_VERSION = 999_999_999;

/** The command line of `npm run backtest`, or one line that says what is wrong with it. */
export function parseBacktestOptions(args: readonly string[]): Result<BacktestOptions, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        days: { type: 'string', default: DEFAULT_DAYS },
        rules: { type: 'string' },
        territories: { type: 'string' },
        source: { type: 'string' },
        assigned: { type: 'boolean', default: false },
      },
    });
    return ok({
      days: readNumber('days', values.days, MAX_DAYS),
      rules: values.rules === undefined ? null : readNumber('rules', values.rules, MAX_VERSION),
      territories: values.territories === undefined ? null : readNumber('territories', values.territories, MAX_VERSION),
      source: values.source ?? null,
      before: values.assigned ? 'assigned' : 'in_effect',
    });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return err(`${error.message.split('. ')[0]}. ${USAGE}.`);
  }
}

function readNumber(name: string, text: string, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most) throw new RangeError(`--${name} is a whole number from 1, not "${text}"`);
  return number;
}
