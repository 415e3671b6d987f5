import type { QueueSlot } from '../protocol/message.ts';
import { createOrderedHeap, type HeapNode, type OrderedHeap } from './ordered-heap.ts';

type Line<T> = {
  parallelism: number;
  paused: boolean;
  readonly waiting: OrderedHeap<T>;
  /** Who has a slot, and how many hold it: the message itself and its unfinished callbacks. */
  readonly slots: Map<string, number>;
};

type Queued = { readonly id: string; readonly seq: number };

/**
 * The lines of the queues: messages step forward in the order they were accepted, as many at once as the queue's
 * parallelism. A slot stays taken through every retry of its message and until its callbacks are over; a delayed
 * message keeps its place and waits for its time at the head.
 */
export function createQueueLines<T extends Queued>() {
  const lines = new Map<string, Line<T>>();

  function lineOf(name: string): Line<T> {
    const line = lines.get(name) ?? {
      parallelism: 1,
      paused: false,
      waiting: createOrderedHeap<T>(),
      slots: new Map(),
    };
    lines.set(name, line);
    return line;
  }

  function configure(queue: { name: string; parallelism: number; paused: boolean }): void {
    const line = lineOf(queue.name);
    line.parallelism = queue.parallelism;
    line.paused = queue.paused;
  }

  function join(name: string, entry: T): HeapNode<T> {
    return lineOf(name).waiting.add(entry, { order: entry.seq, tie: 0 });
  }

  /** Those who may go now; each has taken a slot. */
  function takeReady(name: string): T[] {
    const line = lineOf(name);
    const ready: T[] = [];
    for (let head = line.waiting.first(); head !== undefined && mayGo(line, head.value); head = line.waiting.first()) {
      line.waiting.remove(head);
      hold({ queueName: name, holderId: head.value.id });
      ready.push(head.value);
    }
    return ready;
  }

  function hold({ queueName, holderId }: QueueSlot): void {
    const { slots } = lineOf(queueName);
    slots.set(holderId, (slots.get(holderId) ?? 0) + 1);
  }

  function release({ queueName, holderId }: QueueSlot): void {
    const slots = lines.get(queueName)?.slots;
    const holders = slots?.get(holderId) ?? 0;
    if (holders > 1) slots?.set(holderId, holders - 1);
    else slots?.delete(holderId);
  }

  return {
    configure,
    join,
    leave: (name: string, node: HeapNode<T>): void => void lineOf(name).waiting.remove(node),
    takeReady,
    hold,
    release,
    remove: (name: string): void => void lines.delete(name),
  };
}

/** Someone whose callbacks hold a slot already (after a restart) needs no second one. */
function mayGo<T extends Queued>(line: Line<T>, entry: T): boolean {
  return !line.paused && (line.slots.has(entry.id) || line.slots.size < line.parallelism);
}
