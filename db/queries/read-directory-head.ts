import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const headSchema = z
  .object({
    version: z.coerce.number(),
    territories: z.coerce.number(),
    rules: z.coerce.number(),
    keys: z.coerce.number(),
  })
  .transform((row) => ({
    version: row.version,
    territoriesVersion: row.territories,
    rulesVersion: row.rules,
    keysVersion: row.keys,
  }));

/** The versions of the directory and its parts: whoever reads version V finds every change up to V. */
export async function readDirectoryHead(database: Database): Promise<z.output<typeof headSchema>> {
  const statement = sql`
    select version, territories_version as territories, rules_version as rules, keys_version as keys from directory_state`;
  const [head] = await readRows(database, statement, headSchema);
  if (!head) throw new Error('directory_state has no row: the migrations have not run');
  return head;
}
