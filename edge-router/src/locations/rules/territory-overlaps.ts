import { postalCodesBetween, type PostalCodes } from './postal-codes.ts';
import { readRange } from './territory-index.ts';
import { shareDays, type TerritoryInput } from './territory-rows.ts';

const MAX_EXAMPLES = 5;

export interface Overlap {
  rows: [number, number];
  territories: [string, string];
  franchiseCodes: [string, string];
  postalCodes: number;
  examples: string[];
}

/**
 * Ranges of different owners that cut into each other on the same days: the narrower comes first where they meet. One
 * that lies inside another is cut out of it, as a single code would be, and is no overlap; no other two territories of one
 * kind can meet. Those that share no known postal code are left out.
 */
export function findOverlaps(territories: readonly TerritoryInput[], postalCodes: PostalCodes): Overlap[] {
  const ranges = territories
    .filter(({ kind }) => kind === 'zip_range')
    .map((territory) => ({ territory, ends: readRange(territory.value) }))
    .sort((a, b) => (a.ends[0] < b.ends[0] ? -1 : 1));
  const overlaps: Overlap[] = [];
  let open: typeof ranges = [];
  for (const range of ranges) {
    open = open.filter(({ ends }) => ends[1] >= range.ends[0]);
    for (const other of open) {
      const overlap = describeOverlap(other, range, postalCodes);
      if (overlap) overlaps.push(overlap);
    }
    open.push(range);
  }
  return overlaps.sort((a, b) => b.postalCodes - a.postalCodes);
}

interface Range {
  readonly territory: TerritoryInput;
  readonly ends: readonly [from: string, to: string];
}

/** `a` begins no later than `b`. */
function describeOverlap(a: Range, b: Range, postalCodes: PostalCodes): Overlap | null {
  const [first, second] = [a.territory, b.territory];
  if (b.ends[1] <= a.ends[1] || a.ends[0] === b.ends[0]) return null;
  if (first.franchiseCode.toLowerCase() === second.franchiseCode.toLowerCase() || !shareDays(first, second))
    return null;
  const shared = postalCodesBetween(postalCodes, b.ends[0], a.ends[1]);
  if (shared.length === 0) return null;
  return {
    rows: [first.row, second.row],
    territories: [`zip_range ${first.value}`, `zip_range ${second.value}`],
    franchiseCodes: [first.franchiseCode, second.franchiseCode],
    postalCodes: shared.length,
    examples: shared.slice(0, MAX_EXAMPLES),
  };
}
