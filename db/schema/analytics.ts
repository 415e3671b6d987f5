import { boolean, date, doublePrecision, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

/** Mirrors of db/migrations/0025_location_performance.sql and 0028_analytics_reports.sql. */

export const locationPerformanceRefreshes = pgTable('location_performance_refreshes', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  refreshedAt: timestamptz('refreshed_at').notNull(),
});

export const analyticsReports = pgTable('analytics_reports', {
  id: uuid().primaryKey(),
  question: text().notNull(),
  fromDay: date('from_day').notNull(),
  toDay: date('to_day').notNull(),
  locationIds: uuid('location_ids').array(),
  locations: integer().notNull(),
  status: text().notNull().default('running'),
  slices: integer().notNull(),
  slice: integer().notNull().default(0),
  replicaLagSeconds: doublePrecision('replica_lag_seconds'),
  error: text(),
  dueAt: timestamptz('due_at').notNull(),
  sweeps: integer().notNull().default(0),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  endedAt: timestamptz('ended_at'),
});

export const analyticsReportRows = pgTable(
  'analytics_report_rows',
  {
    reportId: uuid('report_id').notNull(),
    locationId: uuid('location_id').notNull(),
    day: date().notNull(),
    counts: jsonb().notNull(),
  },
  (table) => [primaryKey({ columns: [table.reportId, table.locationId, table.day] })],
);
