import type { Clock } from './clock.ts';
import type { Alarms } from './delivery/alarms.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { Store } from './store/store.ts';

const INTERVAL_MS = 5_000;
const KEPT_EVENTS = 100_000;
/** Finished messages kept for the log, dead letters not counted. */
const KEPT_FINISHED_MESSAGES = 20_000;
const KEPT_DEAD_LETTERS = 100_000;
const DEAD_LETTER_RETENTION_MS = 7 * 86_400_000;
const KEPT_FLOW_KEYS = 10_000;

type Parts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly dispatcher: Dispatcher;
};

/** Keeps the file and the memory bounded, again and again until the alarms stop. */
export function startHousekeeping(parts: Parts): void {
  const { clock, alarms } = parts;
  alarms.set(clock.nowMs() + INTERVAL_MS, () => {
    void trim(parts).then(() => startHousekeeping(parts));
  });
}

async function trim({ store, clock, dispatcher }: Parts): Promise<void> {
  const idleFlows = dispatcher.dropIdleFlows(KEPT_FLOW_KEYS);
  await store.write(() => {
    const nowMs = clock.nowMs();
    store.events.trim(KEPT_EVENTS);
    store.deadLetters.trim({ olderThanMs: nowMs - DEAD_LETTER_RETENTION_MS, kept: KEPT_DEAD_LETTERS });
    store.messages.trim(KEPT_FINISHED_MESSAGES);
    store.deduplications.trim(nowMs);
    for (const key of idleFlows) store.flowKeys.remove(key);
  });
}
