import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { stepNames, type StepName } from './rules/steps.ts';
import { createMortalWorker, type Fault, type MortalWorker, type SentCall } from './testing/mortal-worker.ts';
import { otterbrookSettings, sheetRow } from './testing/otterbrook.ts';
import { endLeases, settleEffects } from './testing/pass-time.ts';
import { createRunClient, type RunClient } from './testing/run-client.ts';
import { findFlaws } from './testing/find-flaws.ts';
import { receiveWebhooks } from './testing/receive-webhooks.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let client: RunClient;
let stopReceiving: () => Promise<void>;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({
    database,
    redis: redis.redis,
    // A snapshot is overdue after 45 minutes of it: some seconds, also of two busy cores.
    onboardingTimeScale: 200,
    sandbox: { settings: { timeScale: 1000, app: { installDelayMs: 0 }, rateLimits: { enabled: false } } },
  });
  stopReceiving = await receiveWebhooks(test);
  client = createRunClient(test.router);
  await client.put('/v1/onboarding/settings', otterbrookSettings(test.sandbox, { customValues: VALUES }));
});

afterAll(async () => {
  await stopReceiving();
  await test.stop();
  await redis.stop();
  await database.drop();
});

/** Few, since each is a call that may fail in every way. */
const VALUES = { location_phone: '{phone}', lead_webhook_url: '{leadWebhookUrl}' };
const AT_ONCE = 8;
const MAX_ASKS = 60;
const TIMEOUT_MS = 240_000;
/** What may go wrong with a call that changes something, and with one that does not. */
const WRITE_FAULTS: readonly Fault[] = [
  'die-before',
  'die-after',
  'die-before-write',
  'reset-before',
  'reset-after',
  'hang-after',
  { status: 429, isDone: false },
  { status: 500, isDone: false },
  { status: 500, isDone: true },
  { status: 422, isDone: true },
];
const READ_FAULTS: readonly Fault[] = ['die-after'];

interface Run {
  readonly runId: string;
  readonly rowKey: string;
}

interface Scenario {
  readonly index: number;
  readonly call: string;
  readonly fault: Fault;
}

async function openRun(): Promise<Run> {
  const { status, json } = await client.open({ batch: 'faults', row: sheetRow() });
  expect(status).toBe(201);
  return { runId: json.runId, rowKey: json.rowKey };
}

/** Asks one Worker for a step until it is done, dead, or has nothing to do but wait for time to pass. */
async function finishWith(worker: MortalWorker, { runId }: Run, step: StepName): Promise<void> {
  const caller = createRunClient(worker);
  for (let asks = 0; asks < MAX_ASKS; asks++) {
    const answered = await Promise.race([caller.step(runId, step), worker.died]);
    if (answered === 'died' || answered.status !== 202) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A read by method, or one of HighLevel's reads by POST. */
function isRead({ method, path }: SentCall): boolean {
  return method === 'GET' || path.endsWith('/filter-by-email') || path.startsWith('/oauth/');
}

/** All that may go wrong in a step: each of its calls, in each way. */
async function listScenarios(run: Run, step: StepName): Promise<Scenario[]> {
  const worker = createMortalWorker(test.router);
  await finishWith(worker, run, step);
  return worker.calls.flatMap((call) =>
    (isRead(call) ? READ_FAULTS : WRITE_FAULTS).map((fault) => ({
      index: call.index,
      call: `${call.method} ${call.path}`,
      fault,
    })),
  );
}

/** One Worker meets the fault; then time passes and the next one finishes. */
async function surviveFault(run: Run, step: StepName, scenario: Scenario | undefined): Promise<void> {
  if (scenario) {
    const worker = createMortalWorker(test.router, ({ index }) => (index === scenario.index ? scenario.fault : null));
    await finishWith(worker, run, step);
    await endLeases(database, run.rowKey);
    await settleEffects(database, run.rowKey);
  }
  const { status, json } = await client.finishStep(run.runId, step);
  if (status !== 200) throw new Error(`${step}: ${status} ${json.reason}: ${json.detail}`);
}

/** A run in which each step meets one fault. Answers what is not as it should be in the end. */
async function surviveFaults(faults: ReadonlyMap<StepName, Scenario | undefined>): Promise<string[]> {
  const run = await openRun();
  const met = JSON.stringify([...faults]);
  try {
    for (const step of stepNames) await surviveFault(run, step, faults.get(step));
    return (await findFlaws(test, client, run.runId)).map((flaw) => `${flaw}, after ${met}`);
  } catch (error) {
    return [`${String(error)}, after ${met}`];
  }
}

it(
  'comes to the same end whatever happens to any call of any step',
  async () => {
    const clean = await openRun();
    const scenarios = new Map<StepName, Scenario[]>();
    for (const step of stepNames) scenarios.set(step, await listScenarios(clean, step));
    expect(await findFlaws(test, client, clean.runId)).toEqual([]);
    const counts = [...scenarios].map(([step, list]) => `${step} ${list.length}`);
    console.log(`faults met: ${counts.join(', ')}`);
    const rounds = Array.from(
      { length: Math.max(...[...scenarios.values()].map(({ length }) => length)) },
      (_, round) => new Map([...scenarios].map(([step, list]) => [step, list[round]] as const)),
    );
    expect(await inTurn(rounds, surviveFaults)).toEqual([]);
  },
  TIMEOUT_MS,
);

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<string[]>): Promise<string[]> {
  const left = [...items];
  const found: string[] = [];
  const takeNext = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) found.push(...(await work(item)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeNext));
  return found;
}
