import type { Tally } from './tally.ts';

/** Leads that go from one place to another; null is the parking lot. */
export interface MovedPair {
  readonly from: string | null;
  readonly to: string | null;
  readonly leads: number;
}

/** A location's leads on both sides; `change` is after less before. */
export interface LocationTotals {
  readonly locationId: string;
  readonly before: number;
  readonly after: number;
  readonly change: number;
  /** Leads that come to it, and that leave it. */
  readonly gained: number;
  readonly lost: number;
}

/** All locations that have leads on either side: those with the largest change first, then those with the most leads. */
export function listLocationTotals(tally: Tally): LocationTotals[] {
  return [...tally.locations]
    .map(([locationId, [before, after, gained, lost]]) => ({
      locationId,
      before,
      after,
      change: after - before,
      gained,
      lost,
    }))
    .sort(
      (a, b) =>
        Math.abs(b.change) - Math.abs(a.change) ||
        b.gained + b.lost - (a.gained + a.lost) ||
        b.after - a.after ||
        (a.locationId < b.locationId ? -1 : 1),
    );
}

interface SideReport {
  readonly assigned: number;
  readonly parked: number;
  readonly parkedByReason: Readonly<Record<string, number>>;
  readonly byMatchLevel: Readonly<Record<string, number>>;
}

export interface BacktestReport {
  readonly leads: number;
  /** Leads that are duplicates of others, as they are stored; they go where those go, and count nowhere else. */
  readonly duplicates: number;
  readonly moved: number;
  readonly before: SideReport;
  readonly after: SideReport;
  readonly locations: number;
  readonly gains: readonly LocationTotals[];
  readonly losses: readonly LocationTotals[];
  readonly pairs: readonly MovedPair[];
  readonly sources: readonly {
    readonly source: string;
    readonly leads: number;
    readonly moved: number;
    readonly parkedBefore: number;
    readonly parkedAfter: number;
  }[];
}

const MAX_LISTED = 20;

/** The totals side by side, and who gains and loses most. */
export function reportBacktest(tally: Tally, pairs: readonly MovedPair[]): BacktestReport {
  const locations = listLocationTotals(tally);
  const sources = [...tally.sources].map(([source, [leads, moved, parkedBefore, parkedAfter]]) => ({
    source,
    leads,
    moved,
    parkedBefore,
    parkedAfter,
  }));
  return {
    leads: tally.leads,
    duplicates: tally.duplicates,
    moved: tally.moved,
    before: describeSide(tally.before),
    after: describeSide(tally.after),
    locations: locations.length,
    gains: locations.filter(({ change }) => change > 0).slice(0, MAX_LISTED),
    losses: locations.filter(({ change }) => change < 0).slice(0, MAX_LISTED),
    pairs,
    sources: sources.sort((a, b) => b.leads - a.leads || (a.source < b.source ? -1 : 1)),
  };
}

function describeSide({ assigned, parked, levels }: Tally['before']): SideReport {
  const sum = Object.values(parked).reduce((total, count) => total + count, 0);
  return { assigned, parked: sum, parkedByReason: parked, byMatchLevel: levels };
}
