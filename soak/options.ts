import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../edge-router/src/rules/result.ts';

export interface SoakOptions {
  /** Genuine webhooks, each with an id of its own. */
  readonly webhooks: number;
}

const MIN_WEBHOOKS = 500;
const MAX_WEBHOOKS = 200_000;

export function parseSoakOptions(args: readonly string[]): Result<SoakOptions, string> {
  try {
    const { values } = parseArgs({ args: [...args], options: { webhooks: { type: 'string', default: '20000' } } });
    const webhooks = Number(values.webhooks);
    if (Number.isInteger(webhooks) && webhooks >= MIN_WEBHOOKS && webhooks <= MAX_WEBHOOKS) return ok({ webhooks });
    return err(`--webhooks takes a whole number from ${MIN_WEBHOOKS} to ${MAX_WEBHOOKS}`);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
