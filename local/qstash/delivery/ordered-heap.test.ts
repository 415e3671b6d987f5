import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOrderedHeap, type HeapNode } from './ordered-heap.ts';

type Entry = { order: number; tie: number };

const entries = fc
  .array(fc.nat({ max: 20 }), { maxLength: 200 })
  .map((orders) => orders.map((order, tie) => ({ order, tie })));

describe('the heap', () => {
  it('gives everything back by order, and what is equal as it came', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const heap = createOrderedHeap<Entry>();
        for (const entry of given) heap.add(entry, entry);
        const taken = given.map(() => heap.takeFirst());
        expect(taken).toEqual([...given].sort((a, b) => a.order - b.order || a.tie - b.tie));
        expect(heap.takeFirst()).toBeUndefined();
      }),
    );
  });

  it('agrees with a sorted list however values come and go', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), order: fc.nat({ max: 20 }) }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = createOrderedHeap<Entry>();
        let oracle: HeapNode<Entry>[] = [];
        const observed: unknown[] = [];
        const expected: unknown[] = [];
        for (const [tie, action] of steps.entries()) {
          const node = action.kind === 'remove' ? oracle[action.which % Math.max(1, oracle.length)] : undefined;
          if (action.kind === 'add') {
            const entry = { order: action.order, tie };
            oracle.push(heap.add(entry, entry));
            oracle.sort((a, b) => a.order - b.order || a.tie - b.tie);
          } else if (action.kind === 'take') {
            observed.push(heap.takeFirst());
            expected.push(oracle.shift()?.value);
          } else if (node !== undefined) {
            observed.push(heap.remove(node), heap.remove(node));
            expected.push(true, false);
            oracle = oracle.filter((other) => other !== node);
          }
          observed.push(heap.size(), heap.first());
          expected.push(oracle.length, oracle[0]);
        }
        expect(observed).toEqual(expected);
      }),
    );
  });
});
