import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const dueSchema = z.object({ leadId: z.string(), move: z.number() });

/** Clocks that ran out so long ago that their message must be lost, the oldest first. */
export function listDueClocks(
  database: Database,
  { limit, overdueSeconds }: { readonly limit: number; readonly overdueSeconds: number },
): Promise<z.output<typeof dueSchema>[]> {
  const statement = sql`
    select lead_id as "leadId", move from lead_clocks
    where ended_at is null and due_at < now() - make_interval(secs => ${overdueSeconds}::integer)
    order by due_at limit ${limit}::integer`;
  return readRows(database, statement, dueSchema);
}
