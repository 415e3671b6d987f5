import { sql, type SQL } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const text = z.string().nullable();

const leadSummarySchema = z.object({
  leadId: z.string(),
  createdAt: z.string(),
  source: z.string(),
  externalId: text,
  status: z.enum(['assigned', 'parked', 'duplicate']),
  stage: z.enum(['delivered', 'contacted', 'won', 'lost']).nullable(),
  locationId: text,
  matchLevel: text,
  parkedReason: text,
  postalCode: text,
  person: z.object({ firstName: text, lastName: text }),
});

export type LeadSummary = z.output<typeof leadSummarySchema>;

export interface LeadListRequest {
  readonly limit: number;
  /** The last id of the page before, a UUIDv7. */
  readonly cursor: string | null;
  readonly order: 'newest' | 'oldest';
  readonly status: LeadSummary['status'] | null;
  readonly stage: LeadSummary['stage'];
  readonly locationId: string | null;
  readonly source: string | null;
  /** ISO 8601, included. */
  readonly from: string | null;
  /** ISO 8601, not included. */
  readonly to: string | null;
}

export interface LeadPage {
  readonly items: readonly LeadSummary[];
  readonly nextCursor: string | null;
}

/** A page of leads without their traces, in the order of their time. */
export async function listLeads(database: Database, request: LeadListRequest): Promise<LeadPage> {
  const rows = await readRows(database, buildLeadListStatement(request), z.object({ lead: leadSummarySchema }));
  const items = rows.slice(0, request.limit).map((row) => row.lead);
  return { items, nextCursor: rows.length > request.limit ? (items.at(-1)?.leadId ?? null) : null };
}

/** The statement of `listLeads`: one row more than `limit`, so that the last page is known as such. */
export function buildLeadListStatement(request: LeadListRequest): SQL {
  return sql`
    select jsonb_build_object(
      'leadId', l.id, 'createdAt', l.created_at, 'source', l.source, 'externalId', l.external_id, 'status', l.status, 'stage', l.stage,
      'locationId', l.location_id, 'matchLevel', l.match_level, 'parkedReason', l.parked_reason,
      'postalCode', l.postal_code,
      'person', jsonb_build_object('firstName', l.first_name, 'lastName', l.last_name)) as lead
    from leads l
    where ${sql.join(buildConditions(request), sql` and `)}
    order by ${buildOrder(request)} limit ${request.limit + 1}::int`;
}

function buildConditions({ cursor, order, status, stage, locationId, source, from, to }: LeadListRequest): SQL[] {
  const conditions = [sql`true`];
  // The id alone says where a page begins; its time beside it leaves out the months that are done.
  if (cursor !== null && order === 'newest')
    conditions.push(sql`l.id < ${cursor}::uuid and l.created_at <= uuid_extract_timestamp(${cursor}::uuid)`);
  if (cursor !== null && order === 'oldest')
    conditions.push(sql`l.id > ${cursor}::uuid and l.created_at >= uuid_extract_timestamp(${cursor}::uuid)`);
  if (status !== null) conditions.push(sql`l.status = ${status}::text`);
  if (stage !== null) conditions.push(sql`l.stage = ${stage}::text`);
  if (locationId !== null) conditions.push(sql`l.location_id = ${locationId}::uuid`);
  if (source !== null) conditions.push(sql`l.source = ${source}::text`);
  if (from !== null) conditions.push(sql`l.created_at >= ${from}::timestamptz`);
  if (to !== null) conditions.push(sql`l.created_at < ${to}::timestamptz`);
  return conditions;
}

/** By time and by id is the same order, since an id begins with its time: each time the one that has an index. */
function buildOrder({ order, status, locationId }: LeadListRequest): SQL {
  const hasTimeIndex = status === 'parked' || locationId !== null;
  if (order === 'newest') return hasTimeIndex ? sql`l.created_at desc, l.id desc` : sql`l.id desc`;
  return hasTimeIndex ? sql`l.created_at, l.id` : sql`l.id`;
}
