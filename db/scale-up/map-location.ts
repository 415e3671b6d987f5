import zipcodes from 'zipcodes';
import { cleanPostalCode } from '../../edge-router/src/locations/rules/postal-code-text.ts';
import { parseState } from '../../edge-router/src/locations/rules/states.ts';
import { createClockReader, findTimezone, isTimezone } from '../../edge-router/src/locations/rules/timezones.ts';
import { areInRange } from '../../edge-router/src/locations/rules/distance.ts';
import { parseEmail } from '../../edge-router/src/rules/email.ts';
import { parsePhone } from '../../edge-router/src/rules/phone.ts';
import { toPlainText } from '../../edge-router/src/rules/plain-text.ts';
import { deterministicId } from './deterministic-id.ts';

/** A row of the source by our names of its columns; null is null. */
export type SourceRow = Readonly<Record<string, string | null>>;
export type Mapped<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export const bad = (reason: string) => ({ ok: false, reason }) as const;

/** A location that has moved, as leads need it. */
export interface MovedLocation {
  readonly id: string;
  readonly name: string;
  readonly franchiseCode: string;
  readonly ghlLocationId: string | null;
}

const EPOCH_OF_IDS_MS = Date.UTC(2000, 0, 1);
const MAX_CAP = 1_000_000;
const readClock = createClockReader('2026-07-01');

/** A location as a row of our table, by column; or which rule it breaks. One that has moved keeps its id. */
export function mapLocation(
  row: SourceRow,
  moved: ReadonlyMap<string, MovedLocation>,
): Mapped<Record<string, string | null>> {
  const oldId = row['id'] ?? '';
  const name = plain(row['name']);
  if (name === null) return bad('no_name');
  const code = cleanPostalCode(row['zip_code'] ?? '', { allowLostZero: true });
  const known = code.ok ? zipcodes.lookup(code.value.lookup) : undefined;
  const state = parseState(row['state'] ?? '') ?? parseState(known?.state ?? '');
  if (state === null) return bad('no_state');
  if (!code.ok) return bad('no_zip');
  const point = readPoint(row) ?? (known ? { lng: known.longitude, lat: known.latitude } : null);
  if (point === null) return bad('no_place');
  const given = row['timezone'];
  if (given && !isTimezone(given)) return bad('unknown_timezone');
  const cap = row['max_daily_capacity'] ?? null;
  if (cap !== null && !isCount(cap)) return bad('bad_capacity');
  const identity = {
    franchiseCode: plain(row['franchise_code']) ?? `OLD-${oldId}`,
    ghlLocationId: plain(row['ghl_location_id']),
  };
  const taken = findTaken(oldId, identity, moved);
  if (taken) return bad(taken);
  const createdMs = Number(row['created_at_ms'] ?? EPOCH_OF_IDS_MS);
  return {
    ok: true,
    value: {
      id: moved.get(oldId)?.id ?? deterministicId({ kind: 'location', oldId, atMs: createdMs }),
      geo_region: state.geoRegion,
      name,
      franchise_code: identity.franchiseCode,
      ghl_location_id: identity.ghlLocationId,
      address: plain(row['address']),
      city: plain(row['city']) ?? known?.city ?? null,
      state: state.code,
      postal_code: code.value.display,
      country: state.country,
      lng: String(point.lng),
      lat: String(point.lat),
      geo_confidence: readPoint(row) ? 'rooftop' : 'zip',
      phone: parsePhone(row['phone'] ?? '', state.country)?.e164 ?? null,
      email: parseEmail(row['email'] ?? ''),
      timezone: given || findTimezone({ state: state.code, coordinates: point }, readClock),
      daily_cap: cap,
      active: isTrue(row['active']) ? 't' : 'f',
      created_at: row['created_at'] ?? new Date(EPOCH_OF_IDS_MS).toISOString(),
    },
  };
}

function findTaken(
  oldId: string,
  wanted: { franchiseCode: string; ghlLocationId: string | null },
  moved: ReadonlyMap<string, MovedLocation>,
): string | null {
  for (const [otherId, other] of moved) {
    if (otherId === oldId) continue;
    if (wanted.ghlLocationId !== null && other.ghlLocationId === wanted.ghlLocationId) return 'sub_account_twice';
    if (other.franchiseCode.toLowerCase() === wanted.franchiseCode.toLowerCase()) return 'franchise_code_twice';
  }
  return null;
}

function readPoint(row: SourceRow): { lng: number; lat: number } | null {
  if (!row['longitude'] || !row['latitude']) return null;
  const point = { lng: Number(row['longitude']), lat: Number(row['latitude']) };
  return areInRange(point) && (point.lng !== 0 || point.lat !== 0) ? point : null;
}

export function plain(text: string | null | undefined): string | null {
  return text ? toPlainText(text) : null;
}

export function isCount(text: string): boolean {
  return /^\d{1,7}$/.test(text) && Number(text) <= MAX_CAP;
}

/** A source without the column has only locations that are on. */
function isTrue(text: string | null | undefined): boolean {
  return text === null || text === undefined || /^(t|true|1|y|yes|on|active)$/i.test(text);
}
