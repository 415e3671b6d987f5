import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const MAX_SCHEDULED = 1000;

const scheduledSchema = z.object({ version: z.number(), document: z.unknown(), effectiveAtMs: z.coerce.number() });

/** Published rules whose time has not come at `now` (ISO 8601), in the order in which they take effect. */
export function readScheduledRules(database: Database, now: string): Promise<z.output<typeof scheduledSchema>[]> {
  const statement = sql`
    select version, document, ceil(extract(epoch from effective_at) * 1000) as "effectiveAtMs" from rules
    where status = 'published' and effective_at > ${now}::timestamptz
    order by effective_at, version limit ${MAX_SCHEDULED}::int`;
  return readRows(database, statement, scheduledSchema);
}
