import {
  bigint,
  boolean,
  customType,
  date,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

/** Mirrors of db/migrations, which are written by hand; a test compares the two, column by column. */

export const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });
export const timestamptz = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

export const directoryState = pgTable('directory_state', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  version: bigint({ mode: 'number' }).notNull().default(1),
  territoriesVersion: bigint('territories_version', { mode: 'number' }).notNull().default(1),
  rulesVersion: bigint('rules_version', { mode: 'number' }).notNull().default(1),
  keysVersion: bigint('keys_version', { mode: 'number' }).notNull().default(1),
});

export const locations = pgTable(
  'locations',
  {
    id: uuid().notNull(),
    geoRegion: text('geo_region').notNull(),
    name: text().notNull(),
    franchiseCode: text('franchise_code').notNull(),
    ghlLocationId: text('ghl_location_id'),
    address: text(),
    city: text(),
    state: text(),
    postalCode: text('postal_code'),
    country: text().notNull(),
    lng: doublePrecision(),
    lat: doublePrecision(),
    geoConfidence: text('geo_confidence'),
    phone: text(),
    email: text(),
    website: text(),
    timezone: text().notNull(),
    dailyCap: integer('daily_cap'),
    region: text(),
    openingDate: date('opening_date'),
    managerName: text('manager_name'),
    managerEmail: text('manager_email'),
    services: text().array().notNull(),
    active: boolean().notNull().default(true),
    paused: boolean().notNull().default(false),
    hours: jsonb(),
    holidays: date().array().notNull(),
    conversionRate: doublePrecision('conversion_rate'),
    directoryVersion: bigint('directory_version', { mode: 'number' }).notNull(),
    createdAt: timestamptz('created_at').notNull().defaultNow(),
    updatedAt: timestamptz('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.id, table.geoRegion] })],
);

export const locationKeys = pgTable('location_keys', {
  id: uuid().primaryKey(),
  geoRegion: text('geo_region').notNull(),
  franchiseCode: text('franchise_code').notNull().unique(),
  ghlLocationId: text('ghl_location_id').unique(),
  timezone: text().notNull(),
  dailyCap: integer('daily_cap'),
  active: boolean().notNull(),
  paused: boolean().notNull(),
});

export const territoryVersions = pgTable('territory_versions', {
  version: integer().primaryKey(),
  rowsVersion: integer('rows_version').notNull(),
  total: integer().notNull(),
  report: jsonb().notNull(),
  status: text().notNull().default('draft'),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  effectiveAt: timestamptz('effective_at'),
  publishedAt: timestamptz('published_at'),
});

export const territories = pgTable(
  'territories',
  {
    version: integer().notNull(),
    row: integer().notNull(),
    kind: text().notNull(),
    value: text().notNull(),
    locationId: uuid('location_id').notNull(),
    exclusive: boolean().notNull().default(false),
    effectiveFrom: date('effective_from'),
    effectiveTo: date('effective_to'),
  },
  (table) => [primaryKey({ columns: [table.version, table.row] })],
);

export const rules = pgTable('rules', {
  version: integer().primaryKey(),
  document: jsonb().notNull(),
  status: text().notNull().default('draft'),
  effectiveAt: timestamptz('effective_at'),
  publishedAt: timestamptz('published_at'),
});

export const apiKeys = pgTable('api_keys', {
  id: uuid().primaryKey(),
  name: text().notNull(),
  keyHash: bytea('key_hash').notNull().unique(),
  scopes: text().array().notNull(),
  sources: text().array(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  expiresAt: timestamptz('expires_at'),
  revokedAt: timestamptz('revoked_at'),
});
