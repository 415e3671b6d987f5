import { boolean, pgTable } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

/** Mirrors of db/migrations/0025_location_performance.sql. */

export const locationPerformanceRefreshes = pgTable('location_performance_refreshes', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  refreshedAt: timestamptz('refreshed_at').notNull(),
});
