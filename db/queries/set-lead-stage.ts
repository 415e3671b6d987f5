import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export interface LeadStageChange {
  readonly leadId: string;
  readonly stage: 'contacted' | 'won' | 'lost';
  /** ISO 8601. */
  readonly happenedAt: string;
  /** The location that says so; null: whoever has it. */
  readonly locationId: string | null;
  /** Names the message that said so: the same again changes nothing. */
  readonly messageId: string;
  /** For the time line; no person's data. */
  readonly detail: Readonly<Record<string, unknown>>;
}

const outcomeSchema = z.enum(['set', 'unchanged', 'elsewhere', 'not_assigned', 'not_found']);

/** Moves a lead on in one statement: stage, times, time line and outbox. Only forward, but that won and lost correct each other. */
export async function setLeadStage(
  database: Database,
  { leadId, stage, happenedAt, locationId, messageId, detail }: LeadStageChange,
): Promise<z.output<typeof outcomeSchema>> {
  const statement = sql`
    select set_lead_stage(${leadId}::uuid, ${stage}::text, ${happenedAt}::timestamptz, ${locationId}::uuid,
      ${messageId}::text, ${JSON.stringify(detail)}::jsonb) as outcome`;
  const [row] = await readRows(database, statement, z.object({ outcome: outcomeSchema }));
  if (!row) throw new Error('set_lead_stage answered no row');
  return row.outcome;
}
