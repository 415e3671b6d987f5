import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { deliveryTurnSchema, type DeliveryTurn } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

/** Opens what these leads need now, ends what is of locations that lost them, and answers whom somebody has to go on with. */
export async function openDeliveries(database: Database, leadIds: readonly string[]): Promise<DeliveryTurn[]> {
  const statement = sql`
    select id, turn, ghl_location_id as "ghlLocationId", status
    from open_deliveries(array(select jsonb_array_elements_text(${JSON.stringify(leadIds)}::jsonb)::uuid))`;
  return readRows(database, statement, deliveryTurnSchema);
}
