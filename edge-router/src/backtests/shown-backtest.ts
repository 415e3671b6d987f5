import * as z from 'zod';
import type { BacktestRow, BacktestSide, BacktestWork } from '../../../db/queries/backtest-row.ts';
import type { Directory } from '../locations/rules/directory.ts';
import { listLocationTotals, reportBacktest, type LocationTotals } from './rules/report.ts';
import { readTally } from './rules/tally.ts';

const sideSchema = z.object({
  kind: z.enum(['assigned', 'rules']).describe('`assigned`: as the leads are really assigned'),
  rules: z.int().nullable().describe('version of the rules'),
  territories: z.int().nullable().describe('version of the territories'),
});

/** A backtest as the lists show it. */
export const shownBacktestSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  status: z.enum(['running', 'finished', 'cancelled', 'failed']),
  leads: z.looseObject({ kind: z.enum(['past', 'file']) }).describe('which leads it is about'),
  before: sideSchema,
  after: sideSchema,
  at: z.string().describe('the moment whose versions and territory days count'),
  total: z.int(),
  done: z.int(),
  percent: z.int(),
  error: z.string().nullable().describe('`gave_up` or `too_many_locations`, where it failed'),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
});

const placeSchema = z.object({ id: z.string(), name: z.string(), franchiseCode: z.string() });
export const locationTotalsSchema = z.object({
  location: placeSchema,
  before: z.int(),
  after: z.int(),
  change: z.int(),
  gained: z.int().describe('leads that come to it'),
  lost: z.int().describe('leads that leave it'),
});
const reportSideSchema = z.object({
  assigned: z.int(),
  parked: z.int(),
  parkedByReason: z.record(z.string(), z.int()),
  byMatchLevel: z.record(z.string(), z.int()),
});

/** One backtest with its result, null until it has finished. */
export const foundBacktestSchema = shownBacktestSchema.extend({
  result: z
    .object({
      leads: z.int(),
      duplicates: z.int().describe('duplicates as they are stored; they count nowhere else'),
      moved: z.int().describe('leads that go to another location, into the parking lot or out of it'),
      before: reportSideSchema,
      after: reportSideSchema,
      locations: z.int().describe('how many there are in …/locations'),
      gains: z.array(locationTotalsSchema).describe('the 20 that gain most'),
      losses: z.array(locationTotalsSchema).describe('the 20 that lose most'),
      pairs: z
        .array(z.object({ from: placeSchema.nullable(), to: placeSchema.nullable(), leads: z.int() }))
        .describe('who loses leads to whom, the 100 largest; null is the parking lot'),
      sources: z.array(
        z.object({
          source: z.string(),
          leads: z.int(),
          moved: z.int(),
          parkedBefore: z.int(),
          parkedAfter: z.int(),
        }),
      ),
      directoryChanged: z.boolean().describe('locations, rules or keys were changed while it ran'),
    })
    .nullable(),
});

export function showBacktest(row: BacktestRow): z.output<typeof shownBacktestSchema> {
  const { backtestId, selection, before, after, directoryChanged: _changed, total, done, ...rest } = row;
  const isOver = row.status === 'finished';
  const percent = isOver || total === 0 ? 100 : Math.min(99, Math.floor((100 * done) / total));
  const sides = { before: showSide(before), after: showSide(after) };
  return { id: backtestId, leads: selection, ...rest, ...sides, total: isOver ? done : total, done, percent };
}

function showSide(side: BacktestSide): z.output<typeof sideSchema> {
  if (side.kind === 'assigned') return { kind: 'assigned', rules: null, territories: null };
  return { kind: 'rules', rules: side.rules.version, territories: side.territories?.version ?? null };
}

export function showFoundBacktest(work: BacktestWork, directory: Directory): z.output<typeof foundBacktestSchema> {
  const shown = showBacktest(work.backtest);
  if (work.backtest.status !== 'finished' || !work.tally) return { ...shown, result: null };
  const report = reportBacktest(readTally(work.tally), work.pairs ?? []);
  const result = {
    ...report,
    before: { ...report.before },
    after: { ...report.after },
    gains: report.gains.map((totals) => showTotals(totals, directory)),
    losses: report.losses.map((totals) => showTotals(totals, directory)),
    pairs: report.pairs.map(({ from, to, leads }) => ({
      from: from === null ? null : showPlace(from, directory),
      to: to === null ? null : showPlace(to, directory),
      leads,
    })),
    sources: [...report.sources],
    directoryChanged: work.backtest.directoryChanged ?? false,
  };
  return { ...shown, result };
}

/** A page of all locations that have leads on either side. */
export function showLocations(
  work: BacktestWork,
  directory: Directory,
  { skip, limit }: { skip: number; limit: number },
): { items: z.output<typeof locationTotalsSchema>[]; nextCursor: string | null } {
  const totals = work.tally ? listLocationTotals(readTally(work.tally)) : [];
  const items = totals.slice(skip, skip + limit).map((each) => showTotals(each, directory));
  return { items, nextCursor: totals.length > skip + limit ? String(skip + limit) : null };
}

function showTotals(
  { locationId, ...totals }: LocationTotals,
  directory: Directory,
): z.output<typeof locationTotalsSchema> {
  return { location: showPlace(locationId, directory), ...totals };
}

function showPlace(id: string, { locationsById }: Directory): z.output<typeof placeSchema> {
  const location = locationsById.get(id);
  return { id, name: location?.name ?? '', franchiseCode: location?.franchiseCode ?? '' };
}
