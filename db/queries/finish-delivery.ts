import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** The delivery's task is done: told to the lead, its time line and the outbox together. False for whoever was overtaken. */
export async function finishDelivery(
  database: Database,
  {
    id,
    turn,
    detail,
  }: { readonly id: string; readonly turn: number; readonly detail: Readonly<Record<string, unknown>> },
): Promise<boolean> {
  const statement = sql`
    select finish_delivery(${id}::uuid, ${turn}::integer, ${JSON.stringify(detail)}::jsonb) as done`;
  const [row] = await readRows(database, statement, z.object({ done: z.boolean() }));
  return row?.done ?? false;
}
