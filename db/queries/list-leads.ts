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

/** What no index finds is looked for in so many leads at a time: some 25 MB of them. */
const LEADS_LOOKED_THROUGH = 20_000;

const rowSchema = z.object({ lead: leadSummarySchema.nullable(), lookedUpTo: z.string().nullable() });

/**
 * A page of leads without their traces, in the order of their time. Where no index finds what is asked for, a page may be shorter than
 * `limit`, or empty, and others follow all the same.
 * @param looksThrough how many leads a page is looked for in at most, where no index finds it
 */
export async function listLeads(
  database: Database,
  request: LeadListRequest,
  { looksThrough = LEADS_LOOKED_THROUGH }: { readonly looksThrough?: number } = {},
): Promise<LeadPage> {
  const rows = await readRows(database, buildLeadListStatement(request, looksThrough), rowSchema);
  const found = rows.flatMap(({ lead }) => lead ?? []);
  const items = found.slice(0, request.limit);
  const isFull = found.length > request.limit;
  return { items, nextCursor: (isFull ? items.at(-1)?.leadId : rows[0]?.lookedUpTo) ?? null };
}

/** The statement of `listLeads`: one row more than `limit`, so that the last page is known as such. */
export function buildLeadListStatement(request: LeadListRequest, looksThrough = LEADS_LOOKED_THROUGH): SQL {
  const [bounds, filters] = [buildBounds(request), buildFilters(request)];
  const order = buildOrder(request);
  const end = sql`order by ${order} limit ${request.limit + 1}::int`;
  if (hasTimeIndex(request) || filters.length === 0) {
    return sql`
      select ${summary} as lead, null as "lookedUpTo" from leads l
      where ${sql.join([...bounds, ...filters], sql` and `)} ${end}`;
  }
  const looked = sql`from leads l where ${sql.join(bounds, sql` and `)} order by ${order} limit ${looksThrough}::int`;
  return sql`
    with edge as materialized (
      select w.id, count(*) over () = ${looksThrough}::int as "isMore" from (select l.id ${looked}) w
      order by ${request.order === 'newest' ? sql`w.id` : sql`w.id desc`} limit 1)
    select p.lead, case when e."isMore" then e.id end as "lookedUpTo"
    from edge e left join lateral (
      select ${summary} as lead from (select l.* ${looked}) l where ${sql.join(filters, sql` and `)} ${end}) p on true`;
}

const summary = sql`jsonb_build_object(
  'leadId', l.id, 'createdAt', l.created_at, 'source', l.source, 'externalId', l.external_id, 'status', l.status, 'stage', l.stage,
  'locationId', l.location_id, 'matchLevel', l.match_level, 'parkedReason', l.parked_reason,
  'postalCode', l.postal_code,
  'person', jsonb_build_object('firstName', l.first_name, 'lastName', l.last_name))`;

function buildBounds({ cursor, order, from, to }: LeadListRequest): SQL[] {
  const bounds = [sql`true`];
  // The id alone says where a page begins; its time beside it leaves out the months that are done.
  if (cursor !== null && order === 'newest')
    bounds.push(sql`l.id < ${cursor}::uuid and l.created_at <= uuid_extract_timestamp(${cursor}::uuid)`);
  if (cursor !== null && order === 'oldest')
    bounds.push(sql`l.id > ${cursor}::uuid and l.created_at >= uuid_extract_timestamp(${cursor}::uuid)`);
  if (from !== null) bounds.push(sql`l.created_at >= ${from}::timestamptz`);
  if (to !== null) bounds.push(sql`l.created_at < ${to}::timestamptz`);
  return bounds;
}

function buildFilters({ status, stage, locationId, source }: LeadListRequest): SQL[] {
  return [
    ...(status === null ? [] : [sql`l.status = ${status}::text`]),
    ...(stage === null ? [] : [sql`l.stage = ${stage}::text`]),
    ...(locationId === null ? [] : [sql`l.location_id = ${locationId}::uuid`]),
    ...(source === null ? [] : [sql`l.source = ${source}::text`]),
  ];
}

function hasTimeIndex({ status, locationId }: LeadListRequest): boolean {
  return status === 'parked' || locationId !== null;
}

/** By time and by id is the same order, since an id begins with its time: each time the one that has an index. */
function buildOrder(request: LeadListRequest): SQL {
  if (request.order === 'newest') return hasTimeIndex(request) ? sql`l.created_at desc, l.id desc` : sql`l.id desc`;
  return hasTimeIndex(request) ? sql`l.created_at, l.id` : sql`l.id`;
}
