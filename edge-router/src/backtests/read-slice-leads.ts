import type { BacktestWork } from '../../../db/queries/backtest-row.ts';
import { readPastLeads, type PastLead } from '../../../db/queries/read-past-leads.ts';
import { readUploadedLeads } from '../../../db/queries/read-uploaded-leads.ts';
import { cleanPostalCode } from '../locations/rules/postal-code-text.ts';
import type { BacktestDeps } from './backtest-deps.ts';
import type { BacktestLead } from './rules/backtest-lead.ts';

export const LEADS_PER_SLICE = 5000;

/** The leads of the next slice, in the order of their times. */
export async function readSliceLeads(
  { database }: Pick<BacktestDeps, 'database'>,
  { backtest, cursor }: Pick<BacktestWork, 'backtest' | 'cursor'>,
): Promise<readonly BacktestLead[]> {
  const { backtestId, selection, done } = backtest;
  if (selection.kind === 'past') {
    const page = { selection, cursor: cursor ?? idBefore(selection.from), limit: LEADS_PER_SLICE, salt: backtestId };
    const leads = await readPastLeads(database, page);
    return leads.map((lead, index) => toLead(lead, done + index));
  }
  const leads = await readUploadedLeads(database, { backtestId, position: done, limit: LEADS_PER_SLICE });
  return leads.map(({ row, atMs, source, person, location, ...place }, index) => ({
    position: done + index,
    leadId: null,
    sourceRow: row,
    atMs,
    source,
    question: { ...place, namedLocation: location },
    edgePlace: null,
    personHashes: person === null ? [] : [person],
    placement: null,
  }));
}

/** An id that comes before every lead of this time and after: an id begins with its milliseconds. */
function idBefore(time: string): string {
  const hex = Math.max(0, Date.parse(time) - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7fff-bfff-ffffffffffff`;
}

function toLead(row: PastLead, position: number): BacktestLead {
  const [leadId, atMs, source, code, city, state, coordinates, service, score, location, edgePlace, ...rest] = row;
  const [personHashes, status, locationId, matchLevel, parkedReason] = rest;
  const postalCode = code === null ? null : cleanPostalCode(code);
  const lookup = postalCode?.ok ? postalCode.value.lookup : null;
  return {
    position,
    leadId,
    sourceRow: null,
    atMs,
    source,
    question: { namedLocation: location, coordinates, postalCode: lookup, city, state, service, score },
    edgePlace,
    personHashes,
    placement: { status, locationId, matchLevel, parkedReason },
  };
}
