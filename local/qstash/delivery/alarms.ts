import { createOrderedHeap, type HeapNode } from './ordered-heap.ts';

/** The clock is looked at again at least this often: it may have been set, or the machine have slept. */
const MAX_SLEEP_MS = 30_000;

export type Alarm = HeapNode<() => void>;
export type Alarms = ReturnType<typeof createAlarms>;

/** Calls back at given times with one timer for all of them, however many there are. */
export function createAlarms(nowMs: () => number) {
  const due = createOrderedHeap<() => void>();
  let timer: NodeJS.Timeout | undefined;
  let wakesAtMs = Number.POSITIVE_INFINITY;
  let count = 0;
  let isStopped = false;

  /** A time that has passed rings on the next turn. */
  function set(atMs: number, ring: () => void): Alarm {
    const alarm = due.add(ring, { order: atMs, tie: count++ });
    if (atMs < wakesAtMs && !isStopped) sleep();
    return alarm;
  }

  function sleep(): void {
    clearTimeout(timer);
    const first = due.first();
    wakesAtMs = first === undefined ? Number.POSITIVE_INFINITY : Math.min(first.order, nowMs() + MAX_SLEEP_MS);
    timer = first === undefined ? undefined : setTimeout(wake, Math.max(0, wakesAtMs - nowMs()));
  }

  function wake(): void {
    const untilMs = nowMs();
    for (let first = due.first(); first !== undefined && first.order <= untilMs; first = due.first()) {
      due.remove(first);
      first.value();
    }
    if (!isStopped) sleep();
  }

  return {
    set,
    cancel: (alarm: Alarm): void => void due.remove(alarm),
    /** Nothing rings any more. */
    stop: (): void => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
