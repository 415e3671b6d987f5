// The deployed bundle under workerd while Redis, Postgres, QStash, the HighLevel sandbox and workerd itself are killed, one after the
// other and two at once. 2,000 webhooks as a test; `npm run soak` sends 20,000.
import { afterAll, expect, it } from 'vitest';
import { refuseSecrets } from '../edge-router/src/testing/secrets-in-logs.ts';
import { formatOutages, formatOutcome } from './report.ts';
import { runSoak } from './run-soak.ts';

const WEBHOOKS = 2000;
const DRAIN_TIMEOUT_MS = 240_000;
/** Ends what hangs. */
const TIMEOUT_MS = 900_000;

const stops: (() => unknown)[] = [];

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

it(
  `${WEBHOOKS} webhooks while every part is killed: each acknowledged one is stored, routed and delivered once, and no forgery gets in`,
  { timeout: TIMEOUT_MS },
  async () => {
    const onStarted = (stop: () => unknown): void => void stops.push(stop);
    const run = { webhooks: WEBHOOKS, drainTimeoutMs: DRAIN_TIMEOUT_MS, log: console.log, onStarted };
    const { outcome, outages, startedAtMs, workerLog, secrets } = await runSoak(run);
    console.log(`${formatOutages(outages, startedAtMs)}\n${formatOutcome(outcome)}`);
    refuseSecrets(workerLog, secrets);
    expect(outcome).toMatchObject({
      sent: WEBHOOKS,
      acknowledged: WEBHOOKS,
      stored: WEBHOOKS - outcome.echoes,
      twice: 0,
      lost: 0,
      faults: [],
    });
    expect(outcome.assigned + outcome.parked).toBe(outcome.people);
    expect(outcome.delivered).toBe(outcome.assigned);
    expect(outcome.forgeries.filter(({ sent }) => sent === 0)).toEqual([]);
    expect(new Set(outages.flatMap(({ parts }) => parts))).toEqual(
      new Set(['redis', 'postgres', 'qstash', 'sandbox', 'workerd']),
    );
  },
);
