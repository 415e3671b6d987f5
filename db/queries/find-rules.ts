import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { rulesColumns, rulesRowSchema, type RulesRow } from './rules-row.ts';

/** One version of the rules. */
export async function findRules(database: Database, version: number): Promise<RulesRow | null> {
  const statement = sql`select ${rulesColumns} from rules where version = ${version}::int`;
  const [found] = await readRows(database, statement, z.object({ rules: rulesRowSchema }));
  return found?.rules ?? null;
}
