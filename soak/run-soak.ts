import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createSigner } from '../local/highlevel/webhooks/signing.ts';
import type { OnStarted } from '../local/run-and-stop.ts';
import { planOutages, startOutages, type Outage, type Outages } from './cause-outages.ts';
import { countOutcome, type Outcome } from './count-outcome.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startMakingEvents } from './make-events.ts';
import { prepareBrand } from './prepare.ts';
import { startClock } from './run-clock.ts';
import { createSandboxClient } from './sandbox-client.ts';
import { sendWebhooks } from './send-webhooks.ts';
import { startSoakStack } from './stack.ts';
import { watchProgress, type ProgressWatch } from './watch-progress.ts';

/** Fewer than there will be people: the rest is parked. */
const SEATS_PER_WEBHOOK = 0.72;
/** Of the webhooks of so many turns the router has not seen the end yet, at most: what is killed is in the middle of work. */
const TURNS_BEHIND = 2;
const POLL_MS = 20;
const TOLD_EVERY_MS = 10_000;
const DRAIN_POLL_MS = 250;
const CALM_POLLS = 4;
/** Half an hour and more of the scaled time. */
const STALLED_MS = 75_000;

export interface SoakReport {
  readonly outcome: Outcome;
  readonly outages: readonly Outage[];
  readonly startedAtMs: number;
  readonly seconds: { readonly sending: number; readonly draining: number };
  readonly workerLog: string;
  readonly secrets: readonly string[];
}

export interface SoakRun {
  readonly webhooks: number;
  readonly drainTimeoutMs: number;
  readonly log: (line: string) => void;
  /** What has to be taken down at the end, last first. */
  readonly onStarted: OnStarted;
}

/** All of it: a stack of its own, webhooks while its parts are killed, the end of all work, and the count. */
export async function runSoak({ webhooks, drainTimeoutMs, log, onStarted }: SoakRun): Promise<SoakReport> {
  log('starting Postgres, Redis, QStash, the HighLevel sandbox and workerd');
  const stack = await startSoakStack(onStarted);
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 6, connectionTimeoutMillis: 5000 });
  pool.on('error', () => undefined);
  onStarted(() => pool.end());
  const sandbox = createSandboxClient(stack.sandboxUrl);
  const seats = Math.floor(webhooks * SEATS_PER_WEBHOOK);
  const brand = await prepareBrand({ edgeUrl: stack.edgeUrl, pool, sandbox }, seats);
  const masterLocationId = brand.master.locationId;
  const ledger = createLedger();
  const sign = createSigner(stack.signingKey);
  const plan = planOutages(webhooks);
  const clock = startClock({ pool, cronUrl: stack.cronUrl });
  onStarted(clock.stop);
  const progress = watchProgress(pool);
  onStarted(progress.stop);
  const startedAtMs = performance.now();
  const behind = plan.webhooksPerTurn * TURNS_BEHIND;
  const feed = startMakingEvents({ pool, sandbox, brand, sign, webhooks, ahead: plan.webhooksPerTurn });
  const telling = tellEvery(() => log(describeProgress(ledger, progress)));
  onStarted(telling.stop);

  let isOver = false;
  const outages = startOutages({
    parts: stack.parts,
    plan,
    countSent: () => ledger.sent.length,
    isOver: () => isOver,
    log,
  });
  const sending = sendWebhooks({
    edgeUrl: stack.edgeUrl,
    feed,
    ledger,
    sign,
    masterLocationId,
    waitForTurn: () => waitForTurn({ ledger, progress, behind, outages }),
  }).finally(() => {
    isOver = true;
  });
  const [caused] = await Promise.all([outages.ended, sending]);
  const sentAtMs = performance.now();
  log('all is sent; waiting for the end of all work');
  await drain({ progress, ledger, timeoutMs: drainTimeoutMs });
  const drainedAtMs = performance.now();
  telling.stop();
  await clock.stop();
  const outcome = await countOutcome({ pool, ledger, highlevel: await sandbox.readAll(), masterLocationId });
  return {
    outcome,
    outages: caused,
    startedAtMs,
    seconds: { sending: (sentAtMs - startedAtMs) / 1000, draining: (drainedAtMs - sentAtMs) / 1000 },
    workerLog: stack.readLog(),
    secrets: [...stack.secrets, brand.apiKey],
  };
}

function countPeopleSent({ sent }: Ledger): number {
  return sent.filter(({ meaning }) => meaning.kind === 'person').length;
}

/** So that it goes at the machine's own speed, with work under way all the time; while something is away, webhooks come all the same. */
async function waitForTurn(scene: {
  ledger: Ledger;
  progress: ProgressWatch;
  behind: number;
  outages: Outages;
}): Promise<void> {
  const { ledger, progress, behind, outages } = scene;
  const isBehind = (): boolean => {
    const { parked, delivered, failed } = progress.read();
    return countPeopleSent(ledger) - parked - delivered - failed > behind;
  };
  while (!outages.mayBeSent() || (!outages.isAway() && isBehind())) await delay(POLL_MS);
}

/** Until nothing is open for a second. Where nothing moves any more, or the time is over, the count says what is missing. */
async function drain(scene: { progress: ProgressWatch; ledger: Ledger; timeoutMs: number }): Promise<void> {
  const { progress, ledger, timeoutMs } = scene;
  const people = ledger.acknowledged.filter(({ meaning }) => meaning.kind === 'person').length;
  const deadlineMs = performance.now() + timeoutMs;
  let calm = 0;
  let seen = '';
  let movedAtMs = performance.now();
  while (calm < CALM_POLLS && performance.now() < Math.min(deadlineMs, movedAtMs + STALLED_MS)) {
    const now = await progress.ask();
    if (JSON.stringify(now) !== seen) movedAtMs = performance.now();
    seen = JSON.stringify(now);
    calm = now && now.open === 0 && now.leads >= people ? calm + 1 : 0;
    await delay(DRAIN_POLL_MS);
  }
}

function describeProgress({ sent, acknowledged }: Ledger, progress: ProgressWatch): string {
  const { leads, parked, delivered, failed, open } = progress.read();
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return `${sent.length} sent, ${acknowledged.length} acknowledged, ${leads} leads, ${parked} parked, ${delivered} delivered${failures}, ${open} open`;
}

function tellEvery(tell: () => void): { stop: () => void } {
  const timer = setInterval(tell, TOLD_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
