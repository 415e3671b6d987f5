import { describe, expect, it } from 'vitest';
import { findMedian, findPercentile, findRatioPerRound } from './statistics.ts';

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [1, 100],
  ])('of %d is the number at that rank: %d', (share, expected) => {
    expect(findPercentile(hundred, share)).toBe(expected);
  });

  it('sorts numbers as numbers and leaves the given ones in their order', () => {
    const numbers = [10, 9, 100];
    expect([findMedian(numbers), numbers]).toEqual([10, [10, 9, 100]]);
  });

  it('of nothing is no number', () => {
    expect(findMedian([])).toBeNaN();
  });
});

describe('a ratio per round', () => {
  it('is not moved by a round that was slow for both', () => {
    expect(findRatioPerRound([2, 20, 2], [1, 10, 1])).toBe(2);
  });

  it('refuses rounds that have no counterpart', () => {
    expect(() => findRatioPerRound([1, 2], [1])).toThrow('every round');
  });
});
