// npm run backtest: past leads routed again by drafts, over the HTTP API like anybody else, and the totals side by side.
import { setTimeout as delay } from 'node:timers/promises';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { connectEdge } from '../demo/connect-edge.ts';
import { describeProblem, type EdgeClient } from '../demo/edge-client.ts';
import { createProgressBar } from '../demo/progress-bar.ts';
import { parseBacktestOptions, type BacktestOptions } from './options.ts';
import { backtestSchema, describeResult, type Backtest } from './result-lines.ts';

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 500;
/** Looks in a row that had no answer. */
const MAX_UNANSWERED = 60;

const outcome = await run(process.argv.slice(2));
for (const line of outcome.ok ? outcome.value : []) console.log(line);
if (!outcome.ok) console.error(outcome.error);
process.exitCode = outcome.ok ? 0 : 1;

async function run(args: readonly string[]): Promise<Result<string[], string>> {
  const options = parseBacktestOptions(args);
  if (!options.ok) return options;
  const client = connectEdge();
  if (!client.ok) return client;
  const startedMs = performance.now();
  const ended = await follow(client.value, options.value);
  if (!ended.ok) return ended;
  const { status, error, id, done } = ended.value;
  if (status !== 'finished') return err(`The backtest ${id} is ${status}${error ? `: ${error}` : ''}.`);
  const seconds = (performance.now() - startedMs) / 1000;
  return ok([
    ...describeResult(ended.value),
    `${done} leads in ${seconds.toFixed(1)} s; GET /v1/backtests/${id}/moves lists them`,
  ]);
}

async function follow(client: EdgeClient, options: BacktestOptions): Promise<Result<Backtest, string>> {
  const { days, rules, territories, source, before } = options;
  const from = new Date(Date.now() - days * DAY_MS).toISOString();
  const versions = {
    ...(rules ? { rules } : {}),
    ...(territories ? { territories } : {}),
    ...(source ? { source } : {}),
  };
  const text = JSON.stringify({ from, before, ...versions });
  const path = '/v1/backtests';
  const begun = await client.send({ path, body: { type: 'application/json', text }, timeoutMs: TIMEOUT_MS });
  if (!begun.ok) return err(`The backtest did not begin. ${describeProblem(begun.error)}`);
  const { id, total } = backtestSchema.parse(begun.value);
  const bar = createProgressBar({ what: 'leads', total });
  for (let unanswered = 0; ;) {
    const answer = await client.send({ path: `${path}/${id}`, timeoutMs: TIMEOUT_MS });
    if (answer.ok) {
      unanswered = 0;
      const found = backtestSchema.parse(answer.value);
      if (found.total > 0) bar.advanceTo(found.done, found.total);
      if (found.status !== 'running') return ok(found);
    } else if (++unanswered > MAX_UNANSWERED || (answer.error.status !== null && answer.error.status < 500)) {
      return err(`The backtest ${id} cannot be looked at. ${describeProblem(answer.error)}`);
    }
    await delay(LOOK_EVERY_MS);
  }
}
