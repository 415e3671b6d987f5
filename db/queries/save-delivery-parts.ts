import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import type { DeliveryParts } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

export interface DeliveryProgress {
  readonly id: string;
  readonly turn: number;
  readonly parts: DeliveryParts;
  readonly contactId: string | null;
  readonly opportunityId: string | null;
  readonly leaseSeconds: number;
}

/** Remembers what was done, and holds the lease for longer. False for whoever was overtaken: nothing is to follow. */
export async function saveDeliveryParts(database: Database, progress: DeliveryProgress): Promise<boolean> {
  const { id, turn, parts, contactId, opportunityId, leaseSeconds } = progress;
  const statement = sql`
    update deliveries set parts = ${JSON.stringify(parts)}::jsonb, contact_id = ${contactId}::text,
      opportunity_id = ${opportunityId}::text,
      lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::integer)
    where id = ${id}::uuid and turn = ${turn}::integer and status in ('pending', 'withdrawing')
      and lease_until > clock_timestamp()
    returning id`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).length > 0;
}
