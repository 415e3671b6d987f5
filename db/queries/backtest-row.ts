import { sql } from 'drizzle-orm';
import * as z from 'zod';

/** What one side goes by: how leads were really assigned, or rules and territories as they were when it was asked for. */
const sideSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('assigned') }),
  z.object({
    kind: z.literal('rules'),
    rules: z.object({ version: z.int(), document: z.unknown() }),
    /** Null where none is published. */
    territories: z.object({ version: z.int(), rowsVersion: z.int() }).nullable(),
  }),
]);

/** Stored leads of a time, or those of a file. Times are ISO 8601; `to` is not included. */
const selectionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('past'),
    from: z.string(),
    to: z.string(),
    source: z.string().nullable(),
    locationId: z.string().nullable(),
  }),
  z.object({ kind: z.literal('file') }),
]);

export type BacktestSide = z.output<typeof sideSchema>;
export type BacktestSelection = z.output<typeof selectionSchema>;

const pairSchema = z.object({ from: z.string().nullable(), to: z.string().nullable(), leads: z.int() });
const counts = z.record(z.string(), z.int());
const sideTallySchema = z.object({ assigned: z.int(), parked: counts, levels: counts });
const four = z.tuple([z.int(), z.int(), z.int(), z.int()]);
const tallySchema = z.object({
  leads: z.int(),
  duplicates: z.int(),
  moved: z.int(),
  before: sideTallySchema,
  after: sideTallySchema,
  locations: z.array(z.tuple([z.string(), four])),
  sources: z.array(z.tuple([z.string(), four])),
});
const replaySchema = z.object({
  seats: z.array(z.tuple([z.string(), z.string(), z.int()])),
  turns: z.array(z.tuple([z.string(), z.string(), z.string()])),
});

export const backtestRowSchema = z.object({
  backtestId: z.string(),
  name: z.string().nullable(),
  status: z.enum(['running', 'finished', 'cancelled', 'failed']),
  selection: selectionSchema,
  before: sideSchema,
  after: sideSchema,
  at: z.string(),
  total: z.int(),
  done: z.int(),
  directoryChanged: z.boolean().nullable(),
  error: z.string().nullable(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
});

/** A backtest without what it has counted. */
export type BacktestRow = z.output<typeof backtestRowSchema>;

/** The select list that `backtestRowSchema` parses as `backtest`, over `backtests`. */
export const backtestColumns = sql.raw(`jsonb_build_object(
  'backtestId', id, 'name', name, 'status', status, 'selection', selection, 'before', before_side,
  'after', after_side, 'at', at, 'total', total, 'done', done, 'directoryChanged', directory_changed, 'error', error,
  'createdAt', created_at, 'endedAt', ended_at) as backtest`);

export const backtestWorkSchema = z.object({
  backtest: backtestRowSchema,
  slice: z.int(),
  /** The last lead of the slice before; null before the first. */
  cursor: z.string().nullable(),
  directoryVersion: z.coerce.number(),
  state: z.object({ before: replaySchema.optional(), after: replaySchema.optional() }),
  tally: tallySchema.nullable(),
  pairs: z.array(pairSchema).nullable(),
});

/** A backtest with how far it is and what it has counted. */
export type BacktestWork = z.output<typeof backtestWorkSchema>;
