import { bigint, boolean, date, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { bytea, timestamptz } from './directory.ts';

export const highlevelConnections = pgTable('highlevel_connections', {
  companyId: text('company_id').primaryKey(),
  status: text().notNull(),
  statusReason: text('status_reason'),
  version: bigint({ mode: 'number' }).notNull().default(1),
  accessToken: text('access_token').notNull(),
  accessExpiresAt: timestamptz('access_expires_at').notNull(),
  refreshToken: text('refresh_token').notNull(),
  scopes: text().array().notNull(),
  installToFutureLocations: boolean('install_to_future_locations'),
  connectedAt: timestamptz('connected_at').notNull().defaultNow(),
  refreshedAt: timestamptz('refreshed_at'),
  refreshSentAt: timestamptz('refresh_sent_at'),
  refreshLease: uuid('refresh_lease'),
  refreshLeaseUntil: timestamptz('refresh_lease_until'),
});

export const highlevelOauthStates = pgTable('highlevel_oauth_states', {
  stateHash: bytea('state_hash').primaryKey(),
  expiresAt: timestamptz('expires_at').notNull(),
});

export const highlevelInstallations = pgTable('highlevel_installations', {
  ghlLocationId: text('ghl_location_id').primaryKey(),
  companyId: text('company_id'),
  installed: boolean().notNull(),
  changedAt: timestamptz('changed_at').notNull(),
  webhookId: text('webhook_id').notNull(),
});

export const webhookEvents = pgTable('webhook_events', {
  id: text().primaryKey(),
  receivedAt: timestamptz('received_at').notNull().defaultNow(),
  type: text().notNull(),
  ghlLocationId: text('ghl_location_id'),
  resourceId: text('resource_id'),
  outcome: text().notNull(),
  reason: text(),
  payload: jsonb(),
  handledAs: text('handled_as'),
  handledAt: timestamptz('handled_at'),
  leadId: uuid('lead_id'),
  tries: integer().notNull().default(0),
  nextTryAt: timestamptz('next_try_at'),
  source: text(),
  said: text(),
});

export const webhookCounts = pgTable(
  'webhook_counts',
  {
    day: date().notNull(),
    outcome: text().notNull(),
    reason: text().notNull().default(''),
    count: bigint({ mode: 'number' }).notNull(),
    lastAt: timestamptz('last_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.outcome, table.reason] })],
);

export const sources = pgTable('sources', {
  name: text().primaryKey(),
  kind: text().notNull(),
  mapping: jsonb().notNull().default({}),
  enabled: boolean().notNull().default(true),
  secretVersion: integer('secret_version').notNull().default(1),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
});

export const locationSweeps = pgTable('location_sweeps', {
  locationId: uuid('location_id').primaryKey(),
  sweptAt: timestamptz('swept_at').notNull(),
});
