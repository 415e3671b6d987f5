import { integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

/** Mirrors of db/migrations/0013_onboarding_batches.sql. */

export const onboardingBatches = pgTable('onboarding_batches', {
  id: uuid().primaryKey(),
  planId: uuid('plan_id').notNull().unique(),
  name: text().notNull(),
  status: text().notNull().default('running'),
  onFailure: text('on_failure').notNull(),
  servedAt: timestamptz('served_at').notNull().defaultNow(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  finishedAt: timestamptz('finished_at'),
});

export const onboardingBatchRows = pgTable(
  'onboarding_batch_rows',
  {
    batchId: uuid('batch_id').notNull(),
    rowNumber: integer('row_number').notNull(),
    rowKey: text('row_key').notNull(),
    action: text().notNull(),
    input: jsonb().notNull(),
    direction: text().notNull().default('forward'),
    status: text().notNull().default('queued'),
    runId: uuid('run_id'),
    stepsDone: integer('steps_done').notNull().default(0),
    waitsFor: text('waits_for'),
    turn: integer().notNull().default(0),
    failures: integer().notNull().default(0),
    dueAt: timestamptz('due_at').notNull().defaultNow(),
    activeUntil: timestamptz('active_until'),
    error: jsonb(),
    startedAt: timestamptz('started_at'),
    finishedAt: timestamptz('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.batchId, table.rowNumber] })],
);
