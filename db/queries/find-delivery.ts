import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { deliveryJson } from './delivery-json.ts';
import { deliveryRowSchema, type DeliveryRow } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

/** Null where there is none. */
export async function findDelivery(database: Database, id: string): Promise<DeliveryRow | null> {
  const statement = sql`select ${deliveryJson} as delivery from deliveries d where d.id = ${id}::uuid`;
  const [found] = await readRows(database, statement, z.object({ delivery: deliveryRowSchema }));
  return found?.delivery ?? null;
}
