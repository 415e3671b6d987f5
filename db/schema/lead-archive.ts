import { date, pgTable, text } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

export const leadArchive = pgTable('lead_archive', {
  tableName: text('table_name').primaryKey(),
  month: date().notNull(),
  step: text(),
  cursor: text(),
  archivedAt: timestamptz('archived_at').notNull().defaultNow(),
  finishedAt: timestamptz('finished_at'),
});
