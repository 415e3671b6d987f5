import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

/** Mirrors of db/migrations/0022_backtests.sql. */

export const backtests = pgTable('backtests', {
  id: uuid().primaryKey(),
  name: text(),
  status: text().notNull().default('running'),
  selection: jsonb().notNull(),
  beforeSide: jsonb('before_side').notNull(),
  afterSide: jsonb('after_side').notNull(),
  at: timestamptz('at').notNull(),
  directoryVersion: bigint('directory_version', { mode: 'number' }).notNull(),
  total: integer().notNull(),
  done: integer().notNull().default(0),
  slice: integer().notNull().default(0),
  cursor: text(),
  state: jsonb().notNull().default({}),
  tally: jsonb(),
  pairs: jsonb(),
  directoryChanged: boolean('directory_changed'),
  error: text(),
  dueAt: timestamptz('due_at').notNull(),
  sweeps: integer().notNull().default(0),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  endedAt: timestamptz('ended_at'),
});

export const backtestLeads = pgTable(
  'backtest_leads',
  {
    backtestId: uuid('backtest_id').notNull(),
    position: integer().notNull(),
    lead: jsonb().notNull(),
  },
  (table) => [primaryKey({ columns: [table.backtestId, table.position] })],
);

export const backtestPersons = pgTable(
  'backtest_persons',
  {
    backtestId: uuid('backtest_id').notNull(),
    hash: text().notNull(),
    places: jsonb().notNull(),
  },
  (table) => [primaryKey({ columns: [table.backtestId, table.hash] })],
);

export const backtestMoves = pgTable(
  'backtest_moves',
  {
    backtestId: uuid('backtest_id').notNull(),
    position: integer().notNull(),
    leadId: uuid('lead_id'),
    sourceRow: integer('source_row'),
    postalCode: text('postal_code'),
    fromLocation: uuid('from_location'),
    toLocation: uuid('to_location'),
  },
  (table) => [primaryKey({ columns: [table.backtestId, table.position] })],
);
