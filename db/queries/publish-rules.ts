import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { rulesColumns, rulesRowSchema, type RulesRow } from './rules-row.ts';

/** Publishes a draft, in effect from `effectiveAt` (ISO 8601). Null when there is no draft of this version. */
export async function publishRules(
  database: Database,
  { version, effectiveAt }: { version: number; effectiveAt: string },
): Promise<RulesRow | null> {
  const statement = sql`
    update rules set status = 'published', effective_at = ${effectiveAt}::timestamptz, published_at = now()
    where version = ${version}::int and status = 'draft' returning ${rulesColumns}`;
  const [published] = await readRows(database, statement, z.object({ rules: rulesRowSchema }));
  return published?.rules ?? null;
}
