import { boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

/** Mirrors of db/migrations/0014_onboarding_drift.sql. */

export const onboardingDriftReports = pgTable('onboarding_drift_reports', {
  id: uuid().primaryKey(),
  kind: text().notNull(),
  status: text().notNull().default('running'),
  turn: integer().notNull().default(0),
  dueAt: timestamptz('due_at').notNull(),
  isTold: boolean('is_told').notNull().default(false),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  finishedAt: timestamptz('finished_at'),
});

export const onboardingDriftRows = pgTable(
  'onboarding_drift_rows',
  {
    reportId: uuid('report_id').notNull(),
    locationId: uuid('location_id').notNull(),
    status: text().notNull().default('pending'),
    findings: jsonb().notNull().default([]),
    error: jsonb(),
    tries: integer().notNull().default(0),
    dueAt: timestamptz('due_at').notNull().defaultNow(),
    checkedAt: timestamptz('checked_at'),
  },
  (table) => [primaryKey({ columns: [table.reportId, table.locationId] })],
);

export const onboardingDriftCursor = pgTable('onboarding_drift_cursor', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  afterLocation: uuid('after_location'),
});
