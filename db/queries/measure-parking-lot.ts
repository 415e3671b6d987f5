import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const measureSchema = z.object({ waiting: z.number(), oldestAgeSeconds: z.coerce.number().nullable() });

/** How many leads nobody could take (counted up to 10,000), and how long the oldest has waited. Those of erased people wait for nobody. */
export async function measureParkingLot(database: Database): Promise<z.output<typeof measureSchema>> {
  const statement = sql`
    select count(*)::int as waiting, round(extract(epoch from now() - min(created_at))) as "oldestAgeSeconds"
    from (
      select l.created_at from leads l
      where l.status = 'parked' and not exists (
        select from lead_events e where e.lead_id = l.id and e.kind = 'erased' and e.message_id = 'erase')
      order by l.created_at limit 10000) waiting`;
  const [measured] = await readRows(database, statement, measureSchema);
  return measured ?? { waiting: 0, oldestAgeSeconds: null };
}
