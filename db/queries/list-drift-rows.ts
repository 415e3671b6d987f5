import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { driftStatusSchema } from './drift-report-row.ts';
import { readRows } from './read-rows.ts';

const document = z.record(z.string(), z.unknown());

export const driftRowSchema = z.object({
  locationId: z.string(),
  name: z.string().nullable(),
  franchiseCode: z.string().nullable(),
  ghlLocationId: z.string().nullable(),
  status: driftStatusSchema,
  findings: z.array(document).describe('what is not as it should be, by name'),
  error: document.nullable().describe('why it could not be looked at, or not be repaired'),
  checkedAt: z.string().nullable(),
});

export type DriftRow = z.output<typeof driftRowSchema>;

/** Locations of a report in order of their ids; `cursor` is the last id of the page before. */
export async function listDriftRows(
  database: Database,
  request: {
    readonly reportId: string;
    /** Null: all. */
    readonly status: z.output<typeof driftStatusSchema> | null;
    readonly cursor: string | null;
    readonly limit: number;
  },
): Promise<{ items: DriftRow[]; nextCursor: string | null }> {
  const { reportId, status, cursor, limit } = request;
  const statement = sql`
    select d.location_id as "locationId", l.name, l.franchise_code as "franchiseCode",
      l.ghl_location_id as "ghlLocationId", d.status, d.findings, d.error, to_json(d.checked_at) #>> '{}' as "checkedAt"
    from onboarding_drift_rows d left join locations l on l.id = d.location_id
    where d.report_id = ${reportId}::uuid and (${status}::text is null or d.status = ${status}::text)
      and (${cursor}::uuid is null or d.location_id > ${cursor}::uuid)
    order by d.location_id limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, driftRowSchema);
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.locationId ?? null) : null };
}
