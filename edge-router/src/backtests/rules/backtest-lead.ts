import type { RoutingQuestion } from '../../leads/rules/decide.ts';
import type { Coordinates } from '../../locations/rules/distance.ts';

/** What became of a lead, really or on paper. */
export interface Placement {
  readonly status: 'assigned' | 'parked' | 'duplicate';
  readonly locationId: string | null;
  readonly matchLevel: string | null;
  readonly parkedReason: string | null;
}

/** A lead to be routed again. It says nothing of who the person is. */
export interface BacktestLead {
  /** Its place in the run, from 0. */
  readonly position: number;
  /** Null for one of a file. */
  readonly leadId: string | null;
  /** The row that a spreadsheet shows; null for a stored lead. */
  readonly sourceRow: number | null;
  readonly atMs: number;
  readonly source: string;
  readonly question: Omit<RoutingQuestion, 'edgePlace'>;
  /** The edge's place of the person's address; counts where the rules say so of the source. */
  readonly edgePlace: Coordinates | null;
  /** The same for the same person, within one backtest alone. */
  readonly personHashes: readonly string[];
  /** As it is stored; null for one of a file. */
  readonly placement: Placement | null;
}
