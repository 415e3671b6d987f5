import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTurnOracle } from '../../testing/oracle-turns.ts';
import { takeTurn } from './turns.ts';

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 7 });

it('gives every turn to whom the oracle gives it, whoever has room at the moment', () => {
  fc.assert(
    fc.property(
      weights,
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 1, max: 127 }), { minLength: 1, maxLength: 120 }),
      (all, maxCatchUpTurns, masks) => {
        const members = all.map((weight, index) => ({ id: `m${index}`, weight }));
        const ask = createTurnOracle({ maxCatchUpTurns });
        const turns = new Map<string, bigint>();
        for (const mask of masks) {
          const free = members.filter((_, index) => (mask >> index) % 2 === 1);
          if (free.length === 0) continue;
          expect(takeTurn(turns, { members: free, maxCatchUpTurns })).toBe(ask(free));
        }
      },
    ),
    { numRuns: 300 },
  );
});

it('gives nobody a turn where nobody has room', () => {
  expect(takeTurn(new Map(), { members: [], maxCatchUpTurns: 1 })).toBeNull();
});
