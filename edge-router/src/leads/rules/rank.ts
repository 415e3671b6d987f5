import type { DirectoryLocation } from '../../locations/rules/directory.ts';
import type { Consideration, DecideInput } from './draft.ts';
import type { Rules, Strategy } from './routing-rules.ts';

/** A location that could take the lead, and how far it is; null where the lead's point is not known. */
export interface Rankable {
  readonly location: DirectoryLocation;
  readonly distanceMiles: number | null;
}

export interface Ranked extends Rankable {
  readonly score?: number;
  readonly turn?: NonNullable<Consideration['turn']>;
}

type RankInput = Pick<DecideInput, 'question' | 'usedToday'> & { readonly rules: Rules; readonly pool: string };

/**
 * The order of one level by the rules' strategy. `rankables` come in the order that stands for `nearest`; those that take
 * turns keep it, since whose turn it is only Postgres knows.
 */
export function rankLevel(rankables: readonly Rankable[], input: RankInput): readonly Ranked[] {
  const { strategy } = input.rules;
  switch (strategy.kind) {
    case 'nearest':
      return rankables;
    case 'score':
      return rankByScore(rankables, { ...input, weights: strategy.weights });
    case 'weighted_round_robin':
      return rankables.map((rankable) => ({
        ...rankable,
        turn: { pool: input.pool, weight: weightOf(strategy.weights, rankable.location.franchiseCode) },
      }));
  }
}

function weightOf(weights: Readonly<Record<string, number>>, franchiseCode: string): number {
  return weights[franchiseCode] ?? weights[franchiseCode.toLowerCase()] ?? 1;
}

type Weights = Extract<Strategy, { kind: 'score' }>['weights'];

/** What stands in for a conversion rate that nobody knows, where no candidate has one. */
const UNKNOWN_CONVERSION_RATE = 0.5;
const FULL_LEAD_SCORE = 100;
/** Sums that differ by less differ only in how they were added up: a tie. */
const SCORE_PARTS = 1e9;

/**
 * Best first; ties by distance, then id. The sum of weight times part, each part from 0 to 1:
 * - distance: 1 at the lead's point, 0 at the radius and beyond;
 * - room: the share of today's seats that is free; 1 without a cap;
 * - conversion: the location's own rate; where it is not known, the mean of the candidates that have one;
 * - leadScore: the lead's score (100 and more are 1) times that rate, so that good leads lean to who converts them.
 */
function rankByScore(
  rankables: readonly Rankable[],
  { question, usedToday, rules, weights }: RankInput & { readonly weights: Weights },
): readonly Ranked[] {
  const known = rankables.flatMap(({ location }) =>
    location.conversionRate === null ? [] : [location.conversionRate],
  );
  const mean = known.length > 0 ? known.reduce((sum, rate) => sum + rate, 0) / known.length : UNKNOWN_CONVERSION_RATE;
  const leadScore = Math.min(question.score ?? 0, FULL_LEAD_SCORE) / FULL_LEAD_SCORE;
  const scoreOf = ({ location, distanceMiles }: Rankable): number => {
    const closeness = distanceMiles === null ? 0 : Math.max(0, 1 - distanceMiles / rules.radiusMiles);
    const conversion = location.conversionRate ?? mean;
    const sum =
      (weights.distance ?? 0) * closeness +
      (weights.room ?? 0) * measureRoom(location, usedToday(location.id)) +
      (weights.conversion ?? 0) * conversion +
      (weights.leadScore ?? 0) * leadScore * conversion;
    return Math.round(sum * SCORE_PARTS) / SCORE_PARTS;
  };
  return rankables
    .map((rankable) => ({ ...rankable, score: scoreOf(rankable) }))
    .sort(
      (a, b) =>
        b.score - a.score ||
        (a.distanceMiles ?? 0) - (b.distanceMiles ?? 0) ||
        (a.location.id < b.location.id ? -1 : 1),
    );
}

function measureRoom({ dailyCap }: DirectoryLocation, used: number | null): number {
  if (dailyCap === null) return 1;
  return dailyCap === 0 ? 0 : Math.max(0, (dailyCap - (used ?? 0)) / dailyCap);
}
