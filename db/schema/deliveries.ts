import { integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

export const deliveries = pgTable('deliveries', {
  id: uuid().primaryKey(),
  leadId: uuid('lead_id').notNull(),
  locationId: uuid('location_id').notNull(),
  move: integer().notNull(),
  ghlLocationId: text('ghl_location_id').notNull(),
  status: text().notNull(),
  turn: integer().notNull().default(1),
  attempts: integer().notNull().default(0),
  firstFailedAt: timestamptz('first_failed_at'),
  nextTryAt: timestamptz('next_try_at').notNull().defaultNow(),
  leaseUntil: timestamptz('lease_until'),
  parts: jsonb().notNull().default({}),
  contactId: text('contact_id'),
  opportunityId: text('opportunity_id'),
  error: jsonb(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  deliveredAt: timestamptz('delivered_at'),
  endedAt: timestamptz('ended_at'),
});
