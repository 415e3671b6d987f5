import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import type { LeadMonth } from './list-lead-months.ts';
import { readRows } from './read-rows.ts';

export interface ErasedPerson {
  /** As leads store it: lower case. */
  readonly email: string | null;
  /** E.164. */
  readonly phone: string | null;
  /** Keyed hashes of both, in hex. */
  readonly hashes: readonly string[];
}

const erasedSchema = z.object({
  leads: z.number(),
  events: z.number(),
  contacts: z.array(z.object({ ghlLocationId: z.string(), contactId: z.string() })),
});
export type ErasedLeads = z.output<typeof erasedSchema>;

/** Takes a person out of the leads of one month. Again changes nothing more. */
export async function erasePersonLeads(
  database: Database,
  { email, phone }: ErasedPerson,
  month: LeadMonth,
): Promise<ErasedLeads> {
  const statement = sql`
    select erase_person_leads(${month.from}::timestamptz, ${month.to}::timestamptz, ${email}::text, ${phone}::text) as erased`;
  const [row] = await readRows(database, statement, z.object({ erased: erasedSchema }));
  if (!row) throw new Error('erase_person_leads answered no row');
  return row.erased;
}

/** As `erasePersonLeads`, in one table of the archive. */
export async function eraseArchivedLeads(
  database: Database,
  { email, phone }: ErasedPerson,
  tableName: string,
): Promise<ErasedLeads> {
  const statement = sql`select erase_archived_leads(${tableName}::text, ${email}::text, ${phone}::text) as erased`;
  const [row] = await readRows(database, statement, z.object({ erased: erasedSchema }));
  if (!row) throw new Error('erase_archived_leads answered no row');
  return row.erased;
}

/** Forgets what the person is known by, and what came by webhook and became no lead. Answers how many events there were. */
export async function erasePersonKeys(database: Database, { email, phone, hashes }: ErasedPerson): Promise<number> {
  const statement = sql`
    select erase_person_keys(array(select decode(jsonb_array_elements_text(${JSON.stringify(hashes)}::jsonb), 'hex')),
      ${email}::text, ${phone}::text) as events`;
  const [row] = await readRows(database, statement, z.object({ events: z.number() }));
  return row?.events ?? 0;
}
