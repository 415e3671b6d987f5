import { bigint, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

export const oldIds = pgTable(
  'old_ids',
  { kind: text().notNull(), oldId: text('old_id').notNull(), id: uuid().notNull() },
  (table) => [primaryKey({ columns: [table.kind, table.oldId] })],
);

export const scaleUpQuarantine = pgTable(
  'scale_up_quarantine',
  {
    kind: text().notNull(),
    oldId: text('old_id').notNull(),
    reason: text().notNull(),
    row: jsonb().notNull(),
    at: timestamptz('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.oldId] })],
);

export const scaleUpSteps = pgTable('scale_up_steps', {
  step: text().primaryKey(),
  cursor: jsonb(),
  rows: bigint({ mode: 'number' }).notNull().default(0),
  detail: jsonb(),
  startedAt: timestamptz('started_at').notNull().defaultNow(),
  finishedAt: timestamptz('finished_at'),
});
