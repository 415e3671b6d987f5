import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { deliveryTurnSchema, type DeliveryTurn } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

/** Deliveries that were given up begin again where they stopped, the oldest first; those of other states are left alone. */
export async function redriveDeliveries(
  database: Database,
  {
    ids,
    locationId,
    limit,
  }: { readonly ids: readonly string[] | null; readonly locationId: string | null; readonly limit: number },
): Promise<DeliveryTurn[]> {
  const statement = sql`
    select id, turn, ghl_location_id as "ghlLocationId", status
    from redrive_deliveries(
      case when ${ids === null}::boolean then null
        else array(select jsonb_array_elements_text(${JSON.stringify(ids ?? [])}::jsonb)::uuid) end,
      ${locationId}::uuid, ${limit}::integer)`;
  return readRows(database, statement, deliveryTurnSchema);
}
