import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('over') }),
  z.object({ status: z.literal('early'), dueAt: z.string() }),
  z.object({ status: z.literal('met') }),
  z.object({ status: z.literal('moved') }),
  /** `misses`: how often before it was taken from somebody, or would have been. */
  z.object({
    status: z.literal('untouched'),
    locationId: z.string(),
    startedAt: z.string(),
    misses: z.number(),
  }),
]);

/** Looks at a clock that has run out by `nowAt` (ISO 8601), and ends it where somebody touched the lead or it went elsewhere. */
export async function readLeadClock(
  database: Database,
  { leadId, move, nowAt }: { readonly leadId: string; readonly move: number; readonly nowAt: string },
): Promise<z.output<typeof answerSchema>> {
  const statement = sql`
    select read_lead_clock(${leadId}::uuid, ${move}::integer, ${nowAt}::timestamptz) as answer`;
  const [row] = await readRows(database, statement, z.object({ answer: answerSchema }));
  if (!row) throw new Error('read_lead_clock answered no row');
  return row.answer;
}
