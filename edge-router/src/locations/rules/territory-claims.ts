import { readRange, type TerritoryKind } from './territory-index.ts';

export interface DatedClaim {
  readonly kind: TerritoryKind;
  readonly value: string;
  /** YYYY-MM-DD, both included; null for open ends. */
  readonly firstDay: string | null;
  readonly lastDay: string | null;
}

const ORDER: Readonly<Record<TerritoryKind, number>> = { zip: 0, zip_range: 1, city: 2, county: 3, state: 4 };

/** Claims to one postal code that hold on a day, in the order in which their owners are asked. */
export function orderClaims<Claim extends DatedClaim>(claims: readonly Claim[], day: string): Claim[] {
  const isHeld = ({ firstDay, lastDay }: DatedClaim): boolean =>
    (firstDay === null || firstDay <= day) && (lastDay === null || lastDay >= day);
  return claims.filter(isHeld).sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || compareRanges(a.value, b.value));
}

/** The narrower first, then the one that begins first. */
function compareRanges(a: string, b: string): number {
  const [[aFrom, aTo], [bFrom, bTo]] = [readRange(a), readRange(b)];
  return Number(aTo) - Number(aFrom) - (Number(bTo) - Number(bFrom)) || Number(aFrom) - Number(bFrom) || 0;
}
