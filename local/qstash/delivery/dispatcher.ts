// Decides which message goes when, and takes it there: delays and backoff by alarms, queues by their lines,
// flow control by its lanes, and a bound on everything under way. Holds no bodies: those are read when it is time.
// At least once: a message is forgotten only after its outcome is on disk.

import type { Clock } from '../clock.ts';
import type { DeliveryResponse, Message } from '../protocol/message.ts';
import type { FlowKey } from '../store/flow-keys-table.ts';
import type { PendingMessage } from '../store/messages-table.ts';
import type { Store } from '../store/store.ts';
import type { Alarm, Alarms } from './alarms.ts';
import { createFlowLanes } from './flow-lanes.ts';
import type { HeapNode } from './ordered-heap.ts';
import { createQueueLines } from './queue-lines.ts';
import { recordAttempt, type Outcome } from './record-attempt.ts';

/** Deliveries under way at once, over all destinations. */
export const MAX_IN_FLIGHT = 100;

type Entry = Omit<PendingMessage, 'dueAtMs'> & { dueAtMs: number; place: Place };

type Place =
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'line'; readonly queueName: string; readonly node: HeapNode<Entry> }
  | { readonly kind: 'alarm'; readonly alarm: Alarm }
  | { readonly kind: 'lane'; readonly node: HeapNode<Entry> }
  | { readonly kind: 'in-flight' };

type Parts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly send: (message: Message) => Promise<DeliveryResponse>;
  /** True when the success just seen is to be forgotten (a fault made on purpose). */
  readonly forgets: (response: DeliveryResponse) => boolean;
};

export type Dispatcher = ReturnType<typeof createDispatcher>;

export function createDispatcher({ store, clock, alarms, send, forgets }: Parts) {
  const entries = new Map<string, Entry>();
  const lines = createQueueLines<Entry>();
  const lanes = createFlowLanes<Entry>({ timeScale: clock.timeScale, onUsedUp: reopenLater });
  let inFlight = 0;
  let isPaused = false;
  let isStopped = false;
  let isPumpAsked = false;

  /** Takes stored messages over; those due go out on the next turn. */
  function admit(messages: readonly PendingMessage[]): void {
    const flowKeys = new Set(messages.flatMap(({ flowKey }) => flowKey ?? []));
    for (const flow of [...flowKeys].flatMap((key) => store.flowKeys.find(key) ?? [])) configureFlow(flow);
    const admitted = messages.map((message): Entry => ({ ...message, place: { kind: 'nowhere' } }));
    for (const entry of admitted) {
      entries.set(entry.id, entry);
      // Before anyone steps forward: a callback may hold the slot of a message in the same list.
      if (entry.heldSlot !== undefined) lines.hold(entry.heldSlot);
    }
    for (const entry of admitted) {
      const { queueName } = entry;
      if (queueName === undefined) wait(entry);
      else entry.place = { kind: 'line', queueName, node: lines.join(queueName, entry) };
    }
    for (const queueName of new Set(admitted.flatMap((entry) => entry.queueName ?? []))) stepForward(queueName);
  }

  function stepForward(queueName: string): void {
    for (const entry of lines.takeReady(queueName)) wait(entry);
  }

  function wait(entry: Entry): void {
    if (entry.dueAtMs <= clock.nowMs()) enterLane(entry);
    else entry.place = { kind: 'alarm', alarm: alarms.set(entry.dueAtMs, () => enterLane(entry)) };
  }

  function enterLane(entry: Entry): void {
    entry.place = { kind: 'lane', node: lanes.enter(entry, clock.nowMs()) };
    pumpSoon();
  }

  function reopenLater(key: string, untilMs: number): void {
    alarms.set(untilMs, () => {
      lanes.reopen(key, clock.nowMs());
      pumpSoon();
    });
  }

  function pumpSoon(): void {
    if (isPumpAsked) return;
    isPumpAsked = true;
    queueMicrotask(pump);
  }

  function pump(): void {
    isPumpAsked = false;
    if (isPaused || isStopped) return;
    const starting: Entry[] = [];
    while (inFlight < MAX_IN_FLIGHT) {
      const entry = lanes.takeNext(clock.nowMs());
      if (entry === undefined) break;
      entry.place = { kind: 'in-flight' };
      inFlight++;
      starting.push(entry);
    }
    if (starting.length > 0) void start(starting);
  }

  async function start(starting: readonly Entry[]): Promise<void> {
    const messages = await store.write(() => claim(starting));
    if (isStopped) return;
    for (const [index, entry] of starting.entries()) {
      const message = messages[index];
      if (message === undefined) settle(entry, { kind: 'gone' });
      else void deliver(entry, message);
    }
  }

  function claim(starting: readonly Entry[]): (Message | undefined)[] {
    for (const key of new Set(starting.flatMap(({ flowKey }) => flowKey ?? []))) {
      store.flowKeys.saveRate(lanes.readRateUse(key));
    }
    return starting.map(({ id }) => {
      const message = store.messages.findUnfinished(id);
      if (message !== undefined) store.events.insert(id, 'ACTIVE', clock.nowMs());
      return message;
    });
  }

  async function deliver(entry: Entry, message: Message): Promise<void> {
    const response = await send(message);
    // What was cut off by stopping is no failure: the message stays as it is for the next start.
    if (isStopped) return;
    const outcome: Outcome = forgets(response)
      ? { kind: 'retry', dueAtMs: clock.nowMs(), callbacks: [] }
      : await store.write(() => recordAttempt(store, clock, { message, response }));
    settle(entry, outcome);
  }

  function settle(entry: Entry, outcome: Outcome): void {
    inFlight--;
    lanes.finish(entry.flowKey, clock.nowMs());
    if (outcome.kind !== 'gone') admit(outcome.callbacks);
    if (outcome.kind === 'retry') {
      entry.dueAtMs = outcome.dueAtMs;
      wait(entry);
    } else {
      drop(entry, true);
    }
    pumpSoon();
  }

  function drop(entry: Entry, hasSlot: boolean): void {
    const { id, queueName, heldSlot } = entry;
    entries.delete(id);
    if (queueName !== undefined && hasSlot) lines.release({ queueName, holderId: id });
    if (heldSlot !== undefined) lines.release(heldSlot);
    for (const name of [queueName, heldSlot?.queueName]) if (name !== undefined) stepForward(name);
  }

  /** For cancelled messages. One that is under way goes on to its end, which is then not written down. */
  function forget(ids: readonly string[]): void {
    for (const entry of ids.flatMap((id) => entries.get(id) ?? [])) {
      const { place } = entry;
      if (place.kind === 'in-flight') continue;
      if (place.kind === 'line') lines.leave(place.queueName, place.node);
      if (place.kind === 'alarm') alarms.cancel(place.alarm);
      if (place.kind === 'lane') lanes.leave(place.node);
      drop(entry, place.kind !== 'line');
    }
  }

  function configureQueue(queue: { name: string; parallelism: number; paused: boolean }): void {
    lines.configure(queue);
    stepForward(queue.name);
  }

  function configureFlow(flow: FlowKey): void {
    lanes.configure(flow, clock.nowMs());
    pumpSoon();
  }

  function resetFlowRate(key: string): void {
    lanes.resetRate(key, clock.nowMs());
    pumpSoon();
  }

  return {
    admit,
    forget,
    configureQueue,
    removeQueue: lines.remove,
    configureFlow,
    resetFlowRate,
    describeFlow: (key: string) => lanes.describe(key, clock.nowMs()),
    /** Forgets idle flow-control keys beyond `kept`; answers which. */
    dropIdleFlows: (kept: number): string[] => lanes.dropIdle(lanes.size() - kept, clock.nowMs()),
    setReordering: lanes.setReordering,
    setPaused: (paused: boolean): void => {
      isPaused = paused;
      pumpSoon();
    },
    counts: () => ({ pending: entries.size, inFlight }),
    stop: (): void => {
      isStopped = true;
    },
  };
}
