import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** A parked lead that nobody could take this time either. */
export interface PostponedLead {
  readonly leadId: string;
  /** ISO 8601. */
  readonly nextTryAt: string;
  /** What is stored anew; null where the lead is parked for the same reason, with the same trace. */
  readonly changed: { readonly reason: string; readonly decision: unknown } | null;
}

/** Counts one more try for each and says when the next is due. Leads that are parked no more are let go. */
export async function postponeParked(
  database: Database,
  { leads, directoryVersion }: { leads: readonly PostponedLead[]; directoryVersion: number },
): Promise<void> {
  const changed = leads.flatMap(({ leadId, changed: stored }) => (stored ? [{ leadId, ...stored }] : []));
  // Two statements in this order: a statement that locked rows of both tables could deadlock with reassign_lead.
  if (changed.length > 0) {
    await runQuery(
      database.execute(sql`
        update leads l set parked_reason = g.reason, decision = g.decision, updated_at = now(),
          rule_version = (g.decision ->> 'ruleVersion')::integer
        from jsonb_to_recordset(${JSON.stringify(changed)}::jsonb) as g ("leadId" uuid, reason text, decision jsonb)
        where l.id = g."leadId" and l.created_at = uuid_extract_timestamp(g."leadId") and l.status = 'parked'`),
    );
  }
  const rows = leads.map(({ leadId, nextTryAt, changed: stored }) => ({
    leadId,
    nextTryAt,
    reason: stored?.reason ?? null,
  }));
  await runQuery(
    database.execute(sql`
      update parking_lot p set tries = p.tries + 1, next_try_at = g."nextTryAt", claimed_until = null,
        tried_version = greatest(p.tried_version, ${directoryVersion}::bigint), reason = coalesce(g.reason, p.reason)
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g ("leadId" uuid, "nextTryAt" timestamptz, reason text)
      where p.lead_id = g."leadId"`),
  );
}
