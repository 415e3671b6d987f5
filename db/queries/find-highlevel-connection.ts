import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import {
  highlevelConnectionColumns,
  highlevelConnectionSchema,
  type HighlevelConnection,
} from './highlevel-connection-row.ts';
import { readRows } from './read-rows.ts';

/** The company's connection; null where nobody has connected it. */
export async function findHighlevelConnection(
  database: Database,
  companyId: string,
): Promise<HighlevelConnection | null> {
  const statement = sql`select ${highlevelConnectionColumns} from highlevel_connections where company_id = ${companyId}`;
  const [row] = await readRows(database, statement, z.object({ connection: highlevelConnectionSchema }));
  return row?.connection ?? null;
}
