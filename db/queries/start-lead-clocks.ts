import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface LeadClock {
  readonly leadId: string;
  readonly move: number;
  readonly locationId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly dueAt: string;
}

/** Starts clocks; one that runs, or has run, stays as it is. */
export async function startLeadClocks(database: Database, clocks: readonly LeadClock[]): Promise<void> {
  await runQuery(
    database.execute(sql`
      insert into lead_clocks (lead_id, move, location_id, started_at, due_at)
      select c."leadId", c.move, c."locationId", c."startedAt", c."dueAt"
      from jsonb_to_recordset(${JSON.stringify(clocks)}::jsonb)
        as c ("leadId" uuid, move integer, "locationId" uuid, "startedAt" timestamptz, "dueAt" timestamptz)
      order by c."leadId"
      on conflict do nothing`),
  );
}
