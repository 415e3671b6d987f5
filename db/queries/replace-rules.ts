import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { rulesColumns, rulesRowSchema, type RulesRow } from './rules-row.ts';

/** Replaces a draft's document. Null when there is no draft of this version. */
export async function replaceRules(
  database: Database,
  { version, document }: { version: number; document: unknown },
): Promise<RulesRow | null> {
  const statement = sql`
    update rules set document = ${JSON.stringify(document)}::jsonb
    where version = ${version}::int and status = 'draft' returning ${rulesColumns}`;
  const [replaced] = await readRows(database, statement, z.object({ rules: rulesRowSchema }));
  return replaced?.rules ?? null;
}
