import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

/** Mirrors of db/migrations/0011_onboarding_runs.sql. */

export const onboardingSettings = pgTable('onboarding_settings', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  version: integer().notNull().default(1),
  document: jsonb().notNull(),
  updatedAt: timestamptz('updated_at').notNull().defaultNow(),
});

export const onboardingLocations = pgTable('onboarding_locations', {
  rowKey: text('row_key').primaryKey(),
  locationId: uuid('location_id').unique(),
  generation: integer().notNull().default(1),
  fence: bigint({ mode: 'number' }).notNull().default(0),
  leaseStep: text('lease_step'),
  leaseUntil: timestamptz('lease_until'),
});

export const onboardingRuns = pgTable('onboarding_runs', {
  id: uuid().primaryKey(),
  batch: text().notNull(),
  rowKey: text('row_key').notNull(),
  status: text().notNull().default('open'),
  row: jsonb().notNull(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  updatedAt: timestamptz('updated_at').notNull().defaultNow(),
});

export const onboardingSteps = pgTable(
  'onboarding_steps',
  {
    runId: uuid('run_id').notNull(),
    step: text().notNull(),
    status: text().notNull().default('pending'),
    attempt: integer().notNull().default(0),
    polls: integer().notNull().default(0),
    fieldsHash: text('fields_hash'),
    output: jsonb(),
    error: jsonb(),
    startedAt: timestamptz('started_at'),
    finishedAt: timestamptz('finished_at'),
    waitsSince: timestamptz('waits_since'),
    nextTryAt: timestamptz('next_try_at'),
  },
  (table) => [primaryKey({ columns: [table.runId, table.step] })],
);

export const onboardingEffects = pgTable('onboarding_effects', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  rowKey: text('row_key').notNull(),
  runId: uuid('run_id').notNull(),
  generation: integer().notNull(),
  step: text().notNull(),
  effect: text().notNull(),
  fence: bigint({ mode: 'number' }).notNull(),
  intent: jsonb().notNull(),
  sentAt: timestamptz('sent_at').notNull().defaultNow(),
  settlesAt: timestamptz('settles_at').notNull(),
  outcome: text().notNull().default('unknown'),
  result: jsonb(),
  settledAt: timestamptz('settled_at'),
});

export const onboardingTasks = pgTable('onboarding_tasks', {
  id: uuid().primaryKey(),
  rowKey: text('row_key').notNull(),
  generation: integer().notNull(),
  kind: text().notNull(),
  runId: uuid('run_id').notNull(),
  title: text().notNull(),
  reason: text().notNull(),
  link: text(),
  status: text().notNull().default('open'),
  note: text(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  closedAt: timestamptz('closed_at'),
});

export const onboardingEvents = pgTable('onboarding_events', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  runId: uuid('run_id').notNull(),
  batch: text().notNull(),
  rowKey: text('row_key').notNull(),
  step: text(),
  kind: text().notNull(),
  detail: jsonb().notNull(),
  at: timestamptz('at').notNull().defaultNow(),
});

export const onboardingLocks = pgTable('onboarding_locks', {
  name: text().primaryKey(),
  holder: text().notNull(),
  heldUntil: timestamptz('held_until').notNull(),
});
