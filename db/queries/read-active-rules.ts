import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const rulesSchema = z.object({ version: z.number(), document: z.unknown() });

/** The newest published rules in effect at `now` (ISO 8601); the document is the caller's to parse. */
export async function readActiveRules(database: Database, now: string): Promise<z.output<typeof rulesSchema>> {
  const statement = sql`
    select version, document from rules
    where status = 'published' and effective_at <= ${now}::timestamptz
    order by effective_at desc, version desc limit 1`;
  const [rules] = await readRows(database, statement, rulesSchema);
  if (!rules) throw new Error('no rules are published');
  return rules;
}
