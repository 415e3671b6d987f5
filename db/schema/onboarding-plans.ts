import { boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

export const onboardingMappings = pgTable('onboarding_mappings', {
  name: text().primaryKey(),
  columns: jsonb().notNull(),
  emailRule: text('email_rule'),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  updatedAt: timestamptz('updated_at').notNull().defaultNow(),
});

export const onboardingPlans = pgTable('onboarding_plans', {
  id: uuid().primaryKey(),
  onInvalid: text('on_invalid').notNull(),
  runnable: boolean().notNull(),
  summary: jsonb().notNull(),
  geocoding: text().notNull(),
  geocodingFailures: integer('geocoding_failures').notNull().default(0),
  geocodingDueAt: timestamptz('geocoding_due_at').notNull(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  expiresAt: timestamptz('expires_at').notNull(),
});

export const onboardingPlanRows = pgTable(
  'onboarding_plan_rows',
  {
    planId: uuid('plan_id').notNull(),
    rowNumber: integer('row_number').notNull(),
    rowKey: text('row_key'),
    action: text().notNull(),
    locationId: uuid('location_id'),
    subAccount: text('sub_account'),
    input: jsonb(),
    cells: jsonb(),
    changes: jsonb().notNull().default([]),
    errors: jsonb().notNull().default([]),
    warnings: jsonb().notNull().default([]),
    geocoding: text(),
  },
  (table) => [primaryKey({ columns: [table.planId, table.rowNumber] })],
);
