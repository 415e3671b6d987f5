import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { parseDurationMs } from './durations.ts';

const MAX_PERIOD_SECONDS = 7 * 86_400;
const DEFAULT_PERIOD_SECONDS = 1;

/** What a flow-control key allows; an absent limit is no limit. */
export type FlowLimits = {
  readonly parallelism: number | undefined;
  readonly rate: number | undefined;
  /** Seconds in which `rate` calls may start, unscaled. */
  readonly periodSeconds: number;
};

export const NO_LIMITS: FlowLimits = { parallelism: undefined, rate: undefined, periodSeconds: DEFAULT_PERIOD_SECONDS };

/** Reads `parallelism=5, rate=10, period=1m`. https://upstash.com/docs/qstash/features/flowcontrol */
export function parseFlowLimits(text: string): Result<FlowLimits, string> {
  const given: Partial<Record<'parallelism' | 'rate' | 'period', number>> = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((side) => side.trim());
    const key = name.toLowerCase();
    if (key !== 'parallelism' && key !== 'rate' && key !== 'period') return err(`unknown flow control field: ${name}`);
    const number = key === 'period' ? parsePeriodSeconds(value) : parsePositiveInteger(value);
    if (number === undefined) return err(`invalid flow control ${key}: ${value}`);
    given[key] = number;
  }
  if (given.parallelism === undefined && given.rate === undefined) return err('flow control needs parallelism or rate');
  const { parallelism, rate, period = DEFAULT_PERIOD_SECONDS } = given;
  return ok({ parallelism, rate, periodSeconds: period });
}

/** `90`, `90s` or `1m`, up to a week. */
export function parsePeriodSeconds(text: string): number | undefined {
  const seconds = parsePositiveInteger(text) ?? (parseDurationMs(text) ?? 0) / 1_000;
  return seconds > 0 && seconds <= MAX_PERIOD_SECONDS ? seconds : undefined;
}

export function parsePositiveInteger(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
