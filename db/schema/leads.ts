import {
  bigint,
  boolean,
  date,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { bytea, timestamptz } from './directory.ts';

export const leads = pgTable(
  'leads',
  {
    id: uuid().notNull(),
    createdAt: timestamptz('created_at').notNull(),
    source: text().notNull(),
    externalId: text('external_id'),
    firstName: text('first_name'),
    lastName: text('last_name'),
    email: text(),
    phone: text(),
    address: text(),
    city: text(),
    state: text(),
    postalCode: text('postal_code'),
    country: text(),
    lng: doublePrecision(),
    lat: doublePrecision(),
    service: text(),
    score: doublePrecision(),
    utm: jsonb(),
    consent: jsonb(),
    metadata: jsonb(),
    status: text().notNull(),
    locationId: uuid('location_id'),
    duplicateOf: uuid('duplicate_of'),
    assignedDay: date('assigned_day'),
    matchLevel: text('match_level'),
    parkedReason: text('parked_reason'),
    ruleVersion: integer('rule_version'),
    decision: jsonb(),
    updatedAt: timestamptz('updated_at').notNull().defaultNow(),
    stage: text(),
    deliveredAt: timestamptz('delivered_at'),
    contactedAt: timestamptz('contacted_at'),
    closedAt: timestamptz('closed_at'),
    moves: integer(),
  },
  (table) => [primaryKey({ columns: [table.id, table.createdAt] })],
);

export const leadKeys = pgTable(
  'lead_keys',
  {
    source: text().notNull(),
    externalId: text('external_id').notNull(),
    leadId: uuid('lead_id').notNull(),
    bodyHash: bytea('body_hash').notNull(),
    createdAt: timestamptz('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.source, table.externalId] })],
);

export const personKeys = pgTable('person_keys', {
  hash: bytea().primaryKey(),
  leadId: uuid('lead_id').notNull(),
  leadAt: timestamptz('lead_at').notNull(),
  locationId: uuid('location_id'),
  assignedAt: timestamptz('assigned_at'),
});

export const locationCapacity = pgTable(
  'location_capacity',
  {
    locationId: uuid('location_id').notNull(),
    day: date().notNull(),
    used: integer().notNull(),
    dailyCap: integer('daily_cap'),
  },
  (table) => [primaryKey({ columns: [table.locationId, table.day] })],
);

export const leadEvents = pgTable(
  'lead_events',
  {
    leadId: uuid('lead_id').notNull(),
    at: timestamptz('at').notNull().defaultNow(),
    kind: text().notNull(),
    detail: jsonb(),
    messageId: text('message_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.leadId, table.kind, table.messageId] })],
);

export const outbox = pgTable('outbox', {
  id: bigint({ mode: 'number' }).primaryKey(),
  topic: text().notNull(),
  leadId: uuid('lead_id'),
  payload: jsonb().notNull(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
});

export const outboxMessages = pgTable('outbox_messages', {
  id: uuid().primaryKey(),
  events: jsonb().notNull(),
  oldestAt: timestamptz('oldest_at').notNull(),
  claimedUntil: timestamptz('claimed_until').notNull(),
  attempts: integer().notNull().default(1),
});

export const turns = pgTable(
  'turns',
  {
    pool: text().notNull(),
    locationId: uuid('location_id').notNull(),
    turn: bigint({ mode: 'bigint' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.pool, table.locationId] })],
);

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    apiKeyId: uuid('api_key_id').notNull(),
    key: text().notNull(),
    leadId: uuid('lead_id').notNull(),
    bodyHash: bytea('body_hash').notNull(),
    createdAt: timestamptz('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.apiKeyId, table.key] })],
);

export const parkingLot = pgTable('parking_lot', {
  leadId: uuid('lead_id').primaryKey(),
  leadAt: timestamptz('lead_at').notNull(),
  reason: text().notNull(),
  tries: integer().notNull().default(0),
  triedVersion: bigint('tried_version', { mode: 'number' }).notNull(),
  nextTryAt: timestamptz('next_try_at').notNull(),
  claimedUntil: timestamptz('claimed_until'),
});

export const leadSettings = pgTable('lead_settings', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  version: integer().notNull().default(1),
  document: jsonb().notNull(),
  updatedAt: timestamptz('updated_at').notNull().defaultNow(),
});

export const leadClocks = pgTable(
  'lead_clocks',
  {
    leadId: uuid('lead_id').notNull(),
    move: integer().notNull(),
    locationId: uuid('location_id').notNull(),
    startedAt: timestamptz('started_at').notNull(),
    dueAt: timestamptz('due_at').notNull(),
    endedAt: timestamptz('ended_at'),
    outcome: text(),
  },
  (table) => [primaryKey({ columns: [table.leadId, table.move] })],
);
