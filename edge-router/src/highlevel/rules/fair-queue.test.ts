import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Share } from './budget.ts';
import { createFairQueue } from './fair-queue.ts';

interface Caller {
  readonly row: string;
  readonly share: Share;
}

function serveAll(callers: readonly Caller[]): string[] {
  const queue = createFairQueue<Caller>();
  for (const caller of callers) queue.join(caller, caller);
  const served: string[] = [];
  for (;;) {
    const first = queue.first(() => true);
    if (!first) return served;
    queue.leave(first, 'served');
    served.push(first.row);
  }
}

function make(row: string, count: number, share: Share = 'bulk'): Caller[] {
  return Array.from({ length: count }, () => ({ row, share }));
}

describe('the fair queue', () => {
  it('lets rows take turns, however many calls one of them has waiting', () => {
    expect(serveAll([...make('a', 4), ...make('b', 2)]).join('')).toBe('ababaa');
  });

  it('serves interactive calls before bulk ones', () => {
    expect(serveAll([...make('a', 2), ...make('i', 2, 'interactive')]).join('')).toBe('iiaa');
  });

  it('owes nothing to a row that was away, and makes nobody wait for what it had before', () => {
    const queue = createFairQueue<Caller>();
    const early = make('a', 50);
    for (const caller of early) queue.join(caller, caller);
    for (const caller of early.slice(0, 40)) queue.leave(caller, 'served');
    const late = make('b', 10);
    for (const caller of late) queue.join(caller, caller);
    const order: string[] = [];
    for (let next = queue.first(() => true); next; next = queue.first(() => true)) {
      queue.leave(next, 'served');
      order.push(next.row);
    }
    expect(order.slice(0, 6).filter((row) => row === 'a')).toHaveLength(3);
  });

  it('keeps any two waiting rows of a share within one call of each other', () => {
    const rows = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rows, (given) => {
        const served = serveAll(given.map((row) => ({ row, share: 'bulk' as const })));
        const left = new Map(['a', 'b', 'c'].map((row) => [row, given.filter((other) => other === row).length]));
        const had = new Map(['a', 'b', 'c'].map((row) => [row, 0]));
        for (const row of served) {
          had.set(row, (had.get(row) ?? 0) + 1);
          left.set(row, (left.get(row) ?? 0) - 1);
          const waiting = [...left].filter(([, count]) => count > 0).map(([name]) => had.get(name) ?? 0);
          expect(Math.max(0, ...waiting) - Math.min(...waiting, Math.max(0, ...waiting))).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
