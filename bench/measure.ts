import { setTimeout as delay } from 'node:timers/promises';
import type { LoadOrder, LoadReport } from './load-generator.ts';
import type { BenchOptions } from './options.ts';
import { readProcessorTime, subtractTime, type Part, type ProcessorTime } from './processor-time.ts';
import { scenarioNames, type ScenarioName } from './scenarios.ts';
import type { BenchStack } from './stack.ts';
import { findMedian } from './statistics.ts';
import type { Asked } from './worker-process.ts';

const MANY_CLIENTS = 16;
const SETTLE_TIMEOUT_MS = 15_000;
const SETTLE_POLL_MS = 100;
const WARM_UP_MS = 300;
const BASELINE: ReadonlySet<ScenarioName> = new Set(['bare', 'insert', 'assign', 'geosearch', 'sqlNearest']);

/** One number per round. */
export interface ScenarioNumbers {
  readonly p50Ms: number[];
  readonly requestsPerSecond: number[];
  /** Microseconds of processor per request at 16 clients, by part. */
  readonly processorMicros: ProcessorTime;
  readonly statuses: Record<string, number>;
}

export type Measurements = Readonly<Record<ScenarioName, ScenarioNumbers>>;

export interface Scene {
  readonly stack: BenchStack;
  readonly load: Asked<LoadOrder, LoadReport>;
}

let sent = 0;

/** Sends one scenario's load; its requests are about leads and persons that no other segment had. */
export async function runSegment(
  { stack, load }: Scene,
  order: Pick<LoadOrder, 'scenario' | 'clients' | 'durationMs' | 'samples'>,
): Promise<LoadReport> {
  const port = BASELINE.has(order.scenario) ? stack.baselinePort : stack.routerPort;
  const report = await load.ask({
    ...order,
    port,
    apiKey: stack.apiKey,
    signingKey: stack.signingKey,
    firstNumber: sent,
  });
  sent += report.latenciesMicros.length;
  return report;
}

/** Every scenario once before anything counts, so that code is compiled and connections and plans are made. */
export async function warmUp(scene: Scene): Promise<void> {
  for (const scenario of scenarioNames) {
    await runSegment(scene, { scenario, clients: MANY_CLIENTS, durationMs: WARM_UP_MS });
    await settle(scene.stack, scenario);
  }
}

/** All scenarios in turn, round by round, so that noise of the machine meets all of them alike. */
export async function runRounds(
  scene: Scene,
  { rounds, segmentMs, log }: Pick<BenchOptions, 'rounds' | 'segmentMs'> & { log: (line: string) => void },
): Promise<Measurements> {
  const empty = (): ScenarioNumbers => ({ p50Ms: [], requestsPerSecond: [], processorMicros: {}, statuses: {} });
  const all = Object.fromEntries(scenarioNames.map((name) => [name, empty()])) as Measurements;
  for (let round = 1; round <= rounds; round++) {
    log(`round ${round} of ${rounds}`);
    for (const scenario of scenarioNames) await measureScenario(scene, { scenario, segmentMs, into: all[scenario] });
  }
  return all;
}

async function measureScenario(
  scene: Scene,
  { scenario, segmentMs, into }: { scenario: ScenarioName; segmentMs: number; into: ScenarioNumbers },
): Promise<void> {
  const one = await runSegment(scene, { scenario, clients: 1, durationMs: segmentMs });
  await settle(scene.stack, scenario);
  const before = readProcessorTime();
  const many = await runSegment(scene, { scenario, clients: MANY_CLIENTS, durationMs: segmentMs });
  // What a lead sets off (outbox, QStash, the job) is its cost too, so the processor is read after it.
  await settle(scene.stack, scenario);
  const requests = many.latenciesMicros.length;
  into.p50Ms.push(findMedian(one.latenciesMicros) / 1000);
  into.requestsPerSecond.push(requests / (many.elapsedMs / 1000));
  addPerRequest(into, subtractTime(readProcessorTime(), before), requests);
  for (const [status, count] of [...Object.entries(one.statuses), ...Object.entries(many.statuses)]) {
    into.statuses[status] = (into.statuses[status] ?? 0) + count;
  }
}

/** A running mean over the rounds. */
function addPerRequest(into: ScenarioNumbers, spent: ProcessorTime, requests: number): void {
  const round = into.requestsPerSecond.length;
  for (const [part, micros] of Object.entries(spent) as [Part, number][]) {
    const mean = into.processorMicros[part] ?? 0;
    into.processorMicros[part] = mean + (micros / requests - mean) / round;
  }
}

/** Waits until every lead's news has left, come back as a job and been written, so that no segment pays for another. */
async function settle({ pool }: BenchStack, scenario?: ScenarioName): Promise<void> {
  // Nobody drains what `assign` writes until the next lead would: that lead must not pay for it.
  if (scenario === 'assign') await pool.query('truncate outbox');
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const { rows } = await pool.query<{ left: number }>(`select ((select count(*) from lead_keys where source = 'bench')
      - (select count(*) from lead_events where kind = 'announced')
      + (select count(*) from webhook_events where outcome = 'accepted' and handled_at is null))::int as left`);
    if ((rows[0]?.left ?? 0) <= 0) return;
    await delay(SETTLE_POLL_MS);
  }
  throw new Error(`The news of ${scenario ?? 'some leads'} did not come back in time.`);
}
