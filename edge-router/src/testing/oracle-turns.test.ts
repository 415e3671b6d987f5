import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTurnOracle, type TurnMember } from './oracle-turns.ts';

const memberLists = fc
  .array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 7 })
  .map((weights) => weights.map((weight, index) => ({ id: `m${index}`, weight })));

function countOf(counts: ReadonlyMap<string, number>, id: string): number {
  return counts.get(id) ?? 0;
}

function deal(take: (members: readonly TurnMember[]) => string, members: readonly TurnMember[], leads: number) {
  const counts = new Map<string, number>();
  for (let dealt = 0; dealt < leads; dealt++) {
    const id = take(members);
    counts.set(id, countOf(counts, id) + 1);
  }
  return counts;
}

it('each share is within one lead of exact after every lead, while the members stay the same', () => {
  fc.assert(
    fc.property(memberLists, fc.integer({ min: 1, max: 5 }), (members, maxCatchUpTurns) => {
      const take = createTurnOracle({ maxCatchUpTurns });
      const sum = members.reduce((total, { weight }) => total + weight, 0);
      const counts = new Map<string, number>();
      for (let dealt = 1; dealt <= 200; dealt++) {
        const id = take(members);
        counts.set(id, countOf(counts, id) + 1);
        for (const member of members) {
          const exact = (dealt * member.weight) / sum;
          expect(Math.abs(countOf(counts, member.id) - exact)).toBeLessThanOrEqual(1.000_001);
        }
      }
    }),
    { numRuns: 100 },
  );
});

it('who comes back from a pause is owed at most the turns the rules allow', () => {
  fc.assert(
    fc.property(
      memberLists.filter((members) => members.length > 1),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 300 }),
      (members, maxCatchUpTurns, leadsAway) => {
        const take = createTurnOracle({ maxCatchUpTurns });
        const [returner, ...others] = members;
        if (!returner) throw new Error('no members');
        deal(take, members, 50);
        deal(take, others, leadsAway);
        const sum = members.reduce((total, { weight }) => total + weight, 0);
        const counts = deal(take, members, 100);
        const exact = (100 * returner.weight) / sum;
        expect(countOf(counts, returner.id)).toBeLessThanOrEqual(exact + maxCatchUpTurns + 2);
        expect(countOf(counts, returner.id)).toBeGreaterThanOrEqual(exact - 2);
      },
    ),
    { numRuns: 100 },
  );
});

it('a newcomer starts where the others stand', () => {
  const take = createTurnOracle({ maxCatchUpTurns: 1 });
  const old = [
    { id: 'a', weight: 1 },
    { id: 'b', weight: 1 },
  ];
  deal(take, old, 1000);
  const counts = deal(take, [...old, { id: 'c', weight: 1 }], 30);
  expect(Math.abs(countOf(counts, 'c') - 10)).toBeLessThanOrEqual(1);
});
