import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { deliveryTurnSchema, type DeliveryTurn } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

/** Deliveries that are due for so long that their message must be lost; each gets its next turn. */
export async function claimDueDeliveries(
  database: Database,
  { limit, overdueSeconds }: { readonly limit: number; readonly overdueSeconds: number },
): Promise<DeliveryTurn[]> {
  const statement = sql`
    update deliveries d set turn = d.turn + 1, next_try_at = now()
    from (
      select id from deliveries
      where status in ('pending', 'withdrawing') and next_try_at < now() - make_interval(secs => ${overdueSeconds}::integer)
        and (lease_until is null or lease_until < clock_timestamp())
      order by next_try_at limit ${limit}::integer for update skip locked
    ) due
    where d.id = due.id
    returning d.id, d.turn, d.ghl_location_id as "ghlLocationId", d.status`;
  return readRows(database, statement, deliveryTurnSchema);
}
