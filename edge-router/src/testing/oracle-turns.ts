// Whose turn it is in a weighted round robin, as docs/architecture.md describes it, on whole numbers of any size. Written
// apart from the SQL that keeps the turns: it shares no code with it and no rounding.
export interface TurnMember {
  readonly id: string;
  /** A whole number from 1. */
  readonly weight: number;
}

/** Where a stride of weight 1 ends: 2^40. */
const SCALE = 1n << 40n;

/**
 * Keeps the turns of one pool. Each call gives a lead to one of `members`, those with room at that moment, and answers
 * its id. Throws when nobody is given.
 */
export function createTurnOracle({
  maxCatchUpTurns,
}: {
  maxCatchUpTurns: number;
}): (members: readonly TurnMember[]) => string {
  const turns = new Map<string, bigint>();
  return (members) => {
    const known = members.flatMap(({ id, weight }) => {
      const turn = turns.get(id);
      return turn === undefined ? [] : [turn - strideOf(weight)];
    });
    const lead = known.reduce<bigint | null>((most, each) => (most === null || each > most ? each : most), null) ?? 0n;
    const standing = members.map(({ id, weight }) => {
      const stride = strideOf(weight);
      const turn = turns.get(id);
      const floor = lead - BigInt(maxCatchUpTurns) * stride;
      return {
        id,
        weight: BigInt(weight),
        ends: stride,
        turn: turn === undefined ? lead : turn > floor ? turn : floor,
      };
    });
    const sumOfWeights = standing.reduce((sum, { weight }) => sum + weight, 0n);
    const sumOfTurns = standing.reduce((sum, { weight, turn }) => sum + weight * turn, 0n);
    // turn <= sumOfTurns / sumOfWeights, without the division.
    const due = standing.filter(({ turn }) => turn * sumOfWeights <= sumOfTurns);
    const [chosen] = due.sort((a, b) => {
      const [endA, endB] = [a.turn + a.ends, b.turn + b.ends];
      return endA === endB ? (a.id < b.id ? -1 : 1) : endA < endB ? -1 : 1;
    });
    if (!chosen) throw new Error('Nobody to take the turn.');
    for (const { id, turn } of standing) if (!turns.has(id)) turns.set(id, turn);
    turns.set(chosen.id, chosen.turn + chosen.ends);
    return chosen.id;
  };
}

function strideOf(weight: number): bigint {
  return SCALE / BigInt(weight);
}
