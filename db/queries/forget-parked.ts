import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Takes rows out of the parking lot whose lead is parked no more, or gone with its month. Others stay. */
export async function forgetParked(database: Database, leadIds: readonly string[]): Promise<void> {
  await runQuery(
    database.execute(sql`
      delete from parking_lot p
      where p.lead_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(leadIds)}::jsonb) as ids (value))
        and not exists (
          select from leads l
          where l.id = p.lead_id and l.created_at = uuid_extract_timestamp(p.lead_id) and l.status = 'parked')`),
  );
}
