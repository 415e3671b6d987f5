import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { deliveredLeadJson, deliveredLeadSchema, type DeliveredLead } from './delivered-lead-row.ts';
import { readRows } from './read-rows.ts';

export interface ToldPerson {
  readonly ghlLocationId: string;
  /** Keyed hashes of the e-mail and phone that HighLevel tells of, in hex. */
  readonly personHashes: readonly string[];
}

/** For each of these, in their order: the person's lead that is on its way into this sub-account and whose contact is not known yet. */
export async function findAwaitedLeads(
  database: Database,
  people: readonly ToldPerson[],
): Promise<(DeliveredLead | null)[]> {
  if (people.every(({ personHashes }) => personHashes.length === 0)) return people.map(() => null);
  const asked = people.map(({ ghlLocationId, personHashes }, at) => ({
    at,
    ghlLocationId,
    hashes: personHashes.map((hash) => `\\x${hash}`),
  }));
  // An array, since a sub-select makes Postgres expect a hundred hashes and read all of them.
  const statement = sql`
    select t.at, awaited.lead from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
      as t(at integer, "ghlLocationId" text, hashes bytea[])
    cross join lateral (
      select ${deliveredLeadJson} as lead from person_keys p join deliveries d on d.lead_id = p.lead_id
      where p.hash = any (t.hashes)
        and d.ghl_location_id = t."ghlLocationId" and d.contact_id is null and d.status = 'pending'
      order by d.id desc limit 1) awaited`;
  const found: (DeliveredLead | null)[] = people.map(() => null);
  const rowSchema = z.object({ at: z.number(), lead: deliveredLeadSchema });
  for (const { at, lead } of await readRows(database, statement, rowSchema)) found[at] = lead;
  return found;
}
