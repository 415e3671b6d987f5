import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { timestamptz } from './directory.ts';

export const erasures = pgTable('erasures', {
  id: uuid().primaryKey(),
  erasedAt: timestamptz('erased_at').notNull().defaultNow(),
  apiKeyId: uuid('api_key_id').notNull(),
  personHashes: text('person_hashes').array().notNull(),
  leads: integer().notNull().default(0),
  events: integer().notNull().default(0),
});
