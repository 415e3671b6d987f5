// npm run soak: webhooks at the built Worker while everything that it stands on is killed, and what came of each of them.
import { refuseSecrets } from '../edge-router/src/testing/secrets-in-logs.ts';
import { runAndStop, type OnStarted } from '../local/run-and-stop.ts';
import { parseSoakOptions } from './options.ts';
import { formatOutages, formatOutcome } from './report.ts';
import { runSoak } from './run-soak.ts';

const DRAIN_TIMEOUT_MS = 30 * 60_000;

const options = parseSoakOptions(process.argv.slice(2));
if (!options.ok) {
  console.error(options.error);
  process.exit(1);
}
const { webhooks } = options.value;
process.exit(await runAndStop((onStarted) => soak(webhooks, onStarted)));

async function soak(webhooks: number, onStarted: OnStarted): Promise<number> {
  const startedAtMs = performance.now();
  const log = (line: string): void => {
    console.log(`${((performance.now() - startedAtMs) / 1000).toFixed(0).padStart(6)} s  ${line}`);
  };
  const report = await runSoak({ webhooks, drainTimeoutMs: DRAIN_TIMEOUT_MS, log, onStarted });
  const { outages, outcome, seconds } = report;
  console.log(`\nKilled, counted from the first webhook:\n${formatOutages(outages, report.startedAtMs)}`);
  console.log(`\nSent in ${seconds.sending.toFixed(0)} s, all work over after ${seconds.draining.toFixed(0)} s more:`);
  console.log(formatOutcome(outcome));
  refuseSecrets(report.workerLog, report.secrets);
  return outcome.faults.length === 0 ? 0 : 1;
}
