export interface TurnMember {
  readonly id: string;
  /** A whole number from 1. */
  readonly weight: number;
}

/** A member's turn ends at this virtual time, by id. */
export type PoolTurns = Map<string, bigint>;

/** A turn of weight w lasts 2^40 / w. */
const SCALE = 1n << 40n;

/**
 * Gives a turn to one of `members`, those with room, by the algorithm of `ask_pool` in Postgres: of those who are not ahead of the
 * weighted mean, the one whose turn ends first. @returns whom; null where nobody is given
 */
export function takeTurn(
  turns: PoolTurns,
  { members, maxCatchUpTurns }: { members: readonly TurnMember[]; maxCatchUpTurns: number },
): string | null {
  const known = members.map(({ id, weight }) => {
    const stride = SCALE / BigInt(weight);
    return { id, weight: BigInt(weight), stride, turn: turns.get(id) ?? null };
  });
  let front: bigint | null = null;
  for (const { turn, stride } of known) {
    if (turn !== null && (front === null || turn - stride > front)) front = turn - stride;
  }
  const start = front ?? 0n;
  const standing = known.map(({ turn, ...member }) => {
    const owed = -BigInt(maxCatchUpTurns) * member.stride;
    const ahead = turn === null ? 0n : turn - start;
    return { ...member, isNew: turn === null, ahead: ahead > owed ? ahead : owed };
  });
  const weights = standing.reduce((sum, { weight }) => sum + weight, 0n);
  const sum = standing.reduce((total, { weight, ahead }) => total + weight * ahead, 0n);
  let chosen: (typeof standing)[number] | null = null;
  for (const member of standing) {
    if (member.ahead * weights > sum) continue;
    if (chosen === null || endsBefore(member, chosen)) chosen = member;
  }
  if (chosen === null) return null;
  for (const { id, isNew } of standing) if (isNew) turns.set(id, start);
  turns.set(chosen.id, start + chosen.ahead + chosen.stride);
  return chosen.id;
}

interface Standing {
  readonly id: string;
  readonly ahead: bigint;
  readonly stride: bigint;
}

function endsBefore(a: Standing, b: Standing): boolean {
  const [endA, endB] = [a.ahead + a.stride, b.ahead + b.stride];
  return endA === endB ? a.id < b.id : endA < endB;
}
