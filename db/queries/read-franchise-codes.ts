import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const codeSchema = z.object({ id: z.string(), code: z.string() });

/** The franchise codes of locations. */
export function readFranchiseCodes(database: Database, ids: readonly string[]): Promise<z.output<typeof codeSchema>[]> {
  const statement = sql`
    select id, franchise_code as code from location_keys
    where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::uuid)`;
  return readRows(database, statement, codeSchema);
}
