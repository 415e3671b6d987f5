import { boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

/** Mirrors of db/migrations/0015_subscriptions.sql. */

export const subscriptions = pgTable('subscriptions', {
  id: uuid().primaryKey(),
  targetUrl: text('target_url').notNull(),
  topics: text().array().notNull(),
  filter: jsonb().notNull().default({}),
  once: boolean().notNull().default(false),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  expiresAt: timestamptz('expires_at'),
});

export const undeliveredEvents = pgTable(
  'undelivered_events',
  {
    subscriptionId: uuid('subscription_id').notNull(),
    eventId: text('event_id').notNull(),
    topic: text().notNull(),
    event: jsonb().notNull(),
    lastStatus: integer('last_status').notNull(),
    failedAt: timestamptz('failed_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.subscriptionId, table.eventId] })],
);

export const onboardingWaits = pgTable('onboarding_waits', {
  id: uuid().primaryKey(),
  step: text().notNull(),
  resumeUrl: text('resume_url').notNull(),
  results: jsonb().notNull(),
  deadlineAt: timestamptz('deadline_at').notNull(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
});
