import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export interface DeliveryFailureRecord {
  readonly id: string;
  readonly turn: number;
  readonly error: { readonly kind: string; readonly detail: string; readonly traceId: string | null };
  /** Null: it is given up. */
  readonly afterSeconds: number | null;
  /** Whether it was a try at all. */
  readonly counts: boolean;
}

/** Ends a turn that failed. Answers the next turn; null when there is none. */
export async function failDelivery(database: Database, failure: DeliveryFailureRecord): Promise<number | null> {
  const { id, turn, error, afterSeconds, counts } = failure;
  const statement = sql`
    select fail_delivery(${id}::uuid, ${turn}::integer, ${JSON.stringify(error)}::jsonb,
      ${afterSeconds}::double precision, ${counts}::boolean) as turn`;
  const [row] = await readRows(database, statement, z.object({ turn: z.number().nullable() }));
  return row?.turn ?? null;
}
