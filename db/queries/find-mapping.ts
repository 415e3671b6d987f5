import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { mappingColumns, mappingRowSchema, type MappingRow } from './mapping-row.ts';
import { readRows } from './read-rows.ts';

export async function findMapping(database: Database, name: string): Promise<MappingRow | null> {
  const statement = sql`select ${mappingColumns} from onboarding_mappings where name = ${name}`;
  const [found] = await readRows(database, statement, z.object({ mapping: mappingRowSchema }));
  return found?.mapping ?? null;
}
