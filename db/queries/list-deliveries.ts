import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { deliveryJson } from './delivery-json.ts';
import { deliveryRowSchema, type DeliveryRow } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

export interface DeliveryListRequest {
  readonly limit: number;
  /** The last id of the page before. */
  readonly cursor: string | null;
  readonly status: DeliveryRow['status'] | null;
  readonly locationId: string | null;
  readonly leadId: string | null;
}

/** A page of deliveries, the newest first. */
export async function listDeliveries(
  database: Database,
  { limit, cursor, status, locationId, leadId }: DeliveryListRequest,
): Promise<{ readonly items: readonly DeliveryRow[]; readonly nextCursor: string | null }> {
  const conditions = [
    ...(cursor === null ? [] : [sql`d.id < ${cursor}::uuid`]),
    ...(status === null ? [] : [sql`d.status = ${status}::text`]),
    ...(locationId === null ? [] : [sql`d.location_id = ${locationId}::uuid`]),
    ...(leadId === null ? [] : [sql`d.lead_id = ${leadId}::uuid`]),
  ];
  const where = conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
  const statement = sql`
    select ${deliveryJson} as delivery from deliveries d where ${where} order by d.id desc limit ${limit + 1}::integer`;
  const rows = await readRows(database, statement, z.object({ delivery: deliveryRowSchema }));
  const items = rows.slice(0, limit).map(({ delivery }) => delivery);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
