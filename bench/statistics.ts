/** The value below which `share` (0 to 1) of the numbers lie, by nearest rank; NaN of none. Does not touch `numbers`. */
export function findPercentile(numbers: readonly number[] | Float64Array, share: number): number {
  const sorted = Float64Array.from(numbers).sort();
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length)));
  return sorted[rank - 1] ?? Number.NaN;
}

export function findMedian(numbers: readonly number[] | Float64Array): number {
  return findPercentile(numbers, 0.5);
}

/** The median over the rounds of one number against another of the same round, so that noise both felt cancels out. */
export function findRatioPerRound(measured: readonly number[], against: readonly number[]): number {
  if (measured.length !== against.length) throw new Error('Both need a number for every round.');
  return findMedian(measured.map((value, round) => value / (against[round] ?? Number.NaN)));
}
