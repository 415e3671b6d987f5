import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { begunDeliverySchema } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('begun'), delivery: begunDeliverySchema }),
  z.object({ status: z.literal('busy'), afterSeconds: z.number() }),
  /** It is somebody else's, or done. */
  z.object({ status: z.literal('over') }),
]);

/** Takes the lease of a delivery for this turn. */
export async function beginDelivery(
  database: Database,
  { id, turn, leaseSeconds }: { readonly id: string; readonly turn: number; readonly leaseSeconds: number },
): Promise<z.output<typeof answerSchema>> {
  const statement = sql`select begin_delivery(${id}::uuid, ${turn}::integer, ${leaseSeconds}::integer) as answer`;
  const [row] = await readRows(database, statement, z.object({ answer: answerSchema }));
  if (!row) throw new Error('begin_delivery answered no row');
  return row.answer;
}
