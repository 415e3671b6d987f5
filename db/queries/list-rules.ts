import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { rulesColumns, rulesRowSchema, type RulesRow } from './rules-row.ts';

export interface RulesPage {
  readonly items: readonly Omit<RulesRow, 'document'>[];
  readonly nextCursor: number | null;
}

/** Versions of the rules, newest first and without their documents; `cursor` is the last version of the page before. */
export async function listRules(
  database: Database,
  { limit, cursor }: { limit: number; cursor: number | null },
): Promise<RulesPage> {
  const statement = sql`
    select ${rulesColumns} from rules
    where ${cursor}::int is null or version < ${cursor}::int
    order by version desc limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ rules: rulesRowSchema.omit({ document: true }) }));
  const items = rows.slice(0, limit).map((row) => row.rules);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.version ?? null) : null };
}
