import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { violates, type Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { rulesColumns, rulesRowSchema, type RulesRow } from './rules-row.ts';

/** Each round somebody gets the number that several asked for, so this many can ask at once. */
const MAX_TRIES = 20;

/** Stores a draft under the next version. */
export async function createRules(database: Database, document: unknown): Promise<RulesRow> {
  for (let tries = 1; ; tries++) {
    try {
      return await insertNext(database, document);
    } catch (error) {
      if (tries === MAX_TRIES || !violates(error, 'rules_pkey')) throw error;
    }
  }
}

async function insertNext(database: Database, document: unknown): Promise<RulesRow> {
  const statement = sql`
    insert into rules (version, document)
    select coalesce(max(version), 0) + 1, ${JSON.stringify(document)}::jsonb from rules
    returning ${rulesColumns}`;
  const [created] = await readRows(database, statement, z.object({ rules: rulesRowSchema }));
  if (!created) throw new Error('an insert answered no row');
  return created.rules;
}
