import type { KeyedHash } from '../../edge-router/src/http/hash.ts';
import { personKeyInputs } from '../../edge-router/src/leads/rules/normalise.ts';
import { cleanPostalCode } from '../../edge-router/src/locations/rules/postal-code-text.ts';
import { parseEmail } from '../../edge-router/src/rules/email.ts';
import { parsePhone } from '../../edge-router/src/rules/phone.ts';
import { deterministicId } from './deterministic-id.ts';
import { bad, isCount, plain, type Mapped, type MovedLocation, type SourceRow } from './map-location.ts';
import { STATUSES, type SourceMap, type SourceStatus } from './source-layout.ts';

export interface LeadContext {
  readonly locations: ReadonlyMap<string, MovedLocation>;
  readonly statuses: NonNullable<SourceMap['statuses']>;
  readonly hashPerson: KeyedHash;
  readonly nowMs: number;
}

export type TargetRow = Readonly<Record<string, string | null>>;

const EARLIEST_MS = Date.UTC(2000, 0, 1);
const MAX_SCORE = 1_000_000_000;
const CLOCK_SKEW_MS = 86_400_000;
/** Under this key of `metadata` lies, as JSON in a text because metadata is flat, what our columns have no room for. */
const KEPT = '_scaleUp';

/** A lead as a row of our table, by column, with `hashes` of its person; or which rule it breaks. */
export function mapLead(row: SourceRow, context: LeadContext): Mapped<TargetRow> {
  const oldId = row['id'] ?? '';
  const createdMs = row['created_at_ms'] === null ? Number.NaN : Number(row['created_at_ms']);
  if (Number.isNaN(createdMs)) return bad('no_created_at');
  if (createdMs < EARLIEST_MS || createdMs > context.nowMs + CLOCK_SKEW_MS) return bad('created_at_out_of_range');
  const code = cleanPostalCode(row['zip_code'] ?? '', { allowLostZero: true });
  if (!code.ok) return bad(code.error.kind === 'empty' ? 'no_zip' : 'bad_zip');
  const status = readStatus(row['status'] ?? null, context.statuses);
  if (status === null) return bad('unknown_status');
  const oldLocation = row['assigned_location_id'] ?? null;
  const location = oldLocation === null ? null : context.locations.get(oldLocation);
  if (location === undefined) return bad('location_gone');
  if (location === null && status !== 'new' && status !== 'lost') return bad('no_location');
  const score = row['lead_score']?.trim() || null;
  if (score !== null && !(Number(score) >= 0 && Number(score) <= MAX_SCORE)) return bad('bad_score');

  const email = parseEmail(row['email'] ?? '');
  const phone = parsePhone(row['phone'] ?? '', code.value.country)?.e164 ?? null;
  const hashes = personKeyInputs({ email, phone }).map((text) => context.hashPerson(text));
  const stage = stageOf(status, { isDelivered: Boolean(row['ghl_contact_id']) });
  const updatedAt = row['updated_at'] ?? row['created_at'] ?? null;
  return {
    ok: true,
    value: {
      id: deterministicId({ kind: 'lead', oldId, atMs: createdMs }),
      created_at: new Date(createdMs).toISOString(),
      source: plain(row['source']) ?? 'unknown',
      first_name: plain(row['first_name']),
      last_name: plain(row['last_name']),
      email,
      phone,
      postal_code: code.value.display,
      country: code.value.country,
      score: score === null ? null : String(Number(score)),
      utm: utmOf(row),
      metadata: metadataOf(row, { email, phone }),
      status: location ? 'assigned' : 'parked',
      location_id: location?.id ?? null,
      match_level: location ? 'named' : null,
      parked_reason: location ? null : 'no_eligible_location',
      decision: traceOf(code.value.display, location),
      updated_at: updatedAt,
      stage,
      delivered_at: stage === 'delivered' ? updatedAt : null,
      contacted_at: stage === 'contacted' ? updatedAt : null,
      closed_at: stage === 'won' || stage === 'lost' ? updatedAt : null,
      hashes: `{${hashes.join(',')}}`,
    },
  };
}

function readStatus(text: string | null, statuses: LeadContext['statuses']): SourceStatus | null {
  if (text === null) return null;
  const named = Object.hasOwn(statuses, text) ? statuses[text] : undefined;
  return named ?? STATUSES.find((status) => status === text.trim().toLowerCase()) ?? null;
}

function stageOf(status: SourceStatus, { isDelivered }: { isDelivered: boolean }): string | null {
  switch (status) {
    case 'new':
    case 'assigned':
      return isDelivered ? 'delivered' : null;
    case 'contacted':
    case 'qualified':
      return 'contacted';
    case 'converted':
      return 'won';
    case 'lost':
      return 'lost';
  }
}

function utmOf(row: SourceRow): string | null {
  const utm = { source: row['utm_source'], campaign: row['utm_campaign'], medium: row['utm_medium'] };
  const given = Object.entries(utm).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return given.length === 0 ? null : JSON.stringify(Object.fromEntries(given));
}

/** The source's own document, number for number, with ours beside it. */
function metadataOf(row: SourceRow, clean: { email: string | null; phone: string | null }): string {
  const given = row['metadata'] ?? null;
  const isDocument = given?.startsWith('{') ?? false;
  const kept = {
    oldId: row['id'],
    createdAt: row['created_at'],
    status: row['status'],
    ...(row['ghl_contact_id'] ? { ghlContactId: row['ghl_contact_id'] } : {}),
    ...(row['email'] && clean.email !== row['email'] ? { email: row['email'] } : {}),
    ...(row['phone'] && clean.phone !== row['phone'] ? { phone: row['phone'] } : {}),
    ...(given !== null && !isDocument ? { metadata: given } : {}),
  };
  const document = isDocument && given ? given : '{}';
  const separator = document === '{}' ? '' : ', ';
  return `${document.slice(0, -1)}${separator}"${KEPT}": ${JSON.stringify(JSON.stringify(kept))}}`;
}

/** What `GET /v1/leads/{id}` says why from: the old system named the location. */
function traceOf(postalCode: string, location: MovedLocation | null): string {
  const chosen = location && {
    locationId: location.id,
    name: location.name,
    franchiseCode: location.franchiseCode,
    distanceMiles: null,
    matchLevel: 'named',
    verdict: 'chosen',
  };
  return JSON.stringify({
    ruleVersion: 0,
    territoryVersion: null,
    matchLevel: location ? 'named' : null,
    geoConfidence: null,
    place: null,
    inputs: { postalCode },
    candidates: chosen ? [chosen] : [],
    omitted: {},
    notes: ['moved: from the system before'],
  });
}

/** A routing log as an event of its lead, which the target finds by the old id. */
export function mapRoutingLog(row: SourceRow, context: LeadContext): Mapped<TargetRow> {
  if (row['lead_id'] === null) return bad('no_lead');
  if (row['created_at'] === null) return bad('no_created_at');
  const oldLocation = row['assigned_location_id'] ?? null;
  const location = oldLocation === null ? null : context.locations.get(oldLocation);
  const detail = JSON.stringify({
    reason: row['routing_reason'],
    locationId: location?.id ?? null,
    oldLocationId: oldLocation,
  });
  const data = row['routing_data'] ?? 'null';
  return {
    ok: true,
    value: {
      old_lead_id: row['lead_id'] ?? '',
      at: row['created_at'] ?? '',
      detail: `${detail.slice(0, -1)}, "data": ${data}}`,
      message_id: `scale-up-${row['id'] ?? ''}`,
    },
  };
}

export function mapCapacity(row: SourceRow, context: LeadContext): Mapped<TargetRow> {
  const location = context.locations.get(row['location_id'] ?? '');
  if (!location) return bad('location_gone');
  const used = row['current_leads'] ?? '0';
  const cap = row['max_capacity'] ?? null;
  if (!isCount(used) || (cap !== null && !isCount(cap))) return bad('bad_capacity');
  if (cap !== null && Number(used) > Number(cap)) return bad('capacity_below_used');
  return { ok: true, value: { location_id: location.id, day: row['capacity_date'] ?? '', used, daily_cap: cap } };
}
