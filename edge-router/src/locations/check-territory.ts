import * as z from 'zod';
import { findTerritoryClaims, type TerritoryClaim } from '../../../db/queries/find-territory-claims.ts';
import { listTerritoryVersions } from '../../../db/queries/list-territory-versions.ts';
import { readActiveRules } from '../../../db/queries/read-active-rules.ts';
import { readTerritoryVersions } from '../../../db/queries/read-territory-versions.ts';
import type { AppDeps } from '../deps.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { momentSchema } from '../http/versions.ts';
import { rulesDocumentSchema } from '../leads/rules/routing-rules.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { findLocalDay } from './rules/opening-hours.ts';
import { cleanPostalCode } from './rules/postal-code-text.ts';
import { findPostalCode, type PostalCode } from './rules/postal-codes.ts';
import { orderClaims } from './rules/territory-claims.ts';

export const checkQuerySchema = z.strictObject({
  postalCode: z.string().min(1).max(20),
  at: momentSchema.optional().describe('now when left out'),
});

/** A row by which somebody owns the place. */
const claimSchema = z.object({
  kind: z.enum(['zip', 'zip_range', 'city', 'county', 'state']),
  value: z.string(),
  row: z.int().describe('the line of its file'),
  exclusive: z.boolean(),
  firstDay: z.string().nullable(),
  lastDay: z.string().nullable(),
  location: z.object({
    id: z.string(),
    franchiseCode: z.string(),
    name: z.string(),
    active: z.boolean(),
    paused: z.boolean(),
  }),
});

/** Answer of `GET /v1/territories/check`. */
export const territoryCheckSchema = z.object({
  postalCode: z.string(),
  known: z.boolean().describe('whether the table of postal codes has it; county, city and state are known by it alone'),
  city: z.string().nullable(),
  county: z.string().nullable(),
  state: z.string().nullable(),
  at: z.string(),
  day: z.string().describe('the brand’s own'),
  version: z.int().nullable().describe('the version in effect then; null before the first'),
  owner: claimSchema.nullable(),
  behind: z.array(claimSchema).describe('who is asked next: owners of wider places'),
  changes: z
    .array(
      z.object({
        day: z.string(),
        effectiveAt: z.string().nullable(),
        version: z.int(),
        owner: claimSchema.nullable(),
      }),
    )
    .describe('what published versions will change after `at`, by the first moment of each change'),
  drafts: z
    .array(z.object({ version: z.int(), owner: claimSchema.nullable(), changesOwner: z.boolean() }))
    .describe('the newest drafts, as if they were in effect then'),
});
export type TerritoryCheck = z.output<typeof territoryCheckSchema>;
type ShownClaim = z.output<typeof claimSchema>;

const MAX_DRAFTS = 10;
const MAX_CHANGES = 20;
/** The one in effect and those after it. */
const MAX_PUBLISHED = 50;
const VERSIONS_LOOKED_AT = 50;

type Deps = Pick<AppDeps, 'database' | 'postalCodes' | 'nowMs'>;

/** Who owns a postal code at a moment, by which version and row; what will change, and what drafts would. From Postgres. */
export async function checkTerritory(
  deps: Deps,
  { postalCode, at }: z.output<typeof checkQuerySchema>,
): Promise<Result<TerritoryCheck, ApiError>> {
  const cleaned = cleanPostalCode(postalCode);
  if (!cleaned.ok) {
    const message = 'This is no postal code, such as 02134, 02134-1234 or K1A 0B1.';
    return err(invalidInput([{ field: 'postalCode', code: 'malformed_postal_code', message }]));
  }
  const atMs = at === undefined ? deps.nowMs() : Date.parse(at);
  const code = cleaned.value.lookup;
  const entry = findPostalCode(deps.postalCodes, code);
  const [upcoming, list, timezone] = await Promise.all([
    readTerritoryVersions(deps.database, new Date(atMs).toISOString()),
    listTerritoryVersions(deps.database, { limit: VERSIONS_LOOKED_AT, cursor: null }),
    readTimezone(deps, atMs),
  ]);
  const published = upcoming.slice(0, MAX_PUBLISHED);
  const drafts = list.items.filter(({ status }) => status === 'draft').slice(0, MAX_DRAFTS);
  const versions = [...published, ...drafts].map(({ version }) => version);
  const claims = await findTerritoryClaims(deps.database, { versions, place: toPlace(code, entry) });
  const ownersAt = (version: number | null, day: string): TerritoryClaim[] =>
    orderClaims(
      claims.filter((claim) => claim.version === version),
      day,
    );
  const day = findLocalDay(timezone, atMs);
  const version = published.findLast(({ effectiveAtMs }) => effectiveAtMs <= atMs)?.version ?? null;
  const [owner, ...behind] = ownersAt(version, day);
  const scene = { claims, published, atMs, timezone, ownersAt };
  return ok({
    postalCode: code,
    known: entry !== null,
    city: entry?.city ?? null,
    county: entry?.county ?? null,
    state: entry?.state ?? null,
    at: new Date(atMs).toISOString(),
    day,
    version,
    owner: show(owner),
    behind: behind.map((claim) => showClaim(claim)),
    changes: listChanges(scene, { version, day }),
    drafts: drafts.map((draft) => {
      const [drafted] = ownersAt(draft.version, day);
      const changesOwner = drafted?.locationId !== owner?.locationId || drafted?.exclusive !== owner?.exclusive;
      return { version: draft.version, owner: show(drafted), changesOwner };
    }),
  });
}

async function readTimezone(deps: Deps, atMs: number): Promise<string> {
  const { document } = await readActiveRules(deps.database, new Date(Math.max(atMs, deps.nowMs())).toISOString());
  return rulesDocumentSchema.parse(document).timezone;
}

function toPlace(code: string, entry: PostalCode | null) {
  const areas: [string, string][] = [['zip', code]];
  if (entry) {
    areas.push(['city', `${entry.state}/${entry.city}`], ['state', entry.state]);
    if (entry.county) areas.push(['county', `${entry.state}/${entry.county}`]);
  }
  return { zip: /^\d{5}$/.test(code) ? code : null, areas };
}

interface Scene {
  readonly claims: readonly TerritoryClaim[];
  readonly published: readonly { readonly version: number; readonly effectiveAtMs: number }[];
  readonly atMs: number;
  readonly timezone: string;
  readonly ownersAt: (version: number | null, day: string) => TerritoryClaim[];
}

/** At each version's beginning and each day on which a row of it begins or ends, where that brings another owner. */
function listChanges(
  { claims, published, atMs, timezone, ownersAt }: Scene,
  now: { version: number | null; day: string },
): TerritoryCheck['changes'] {
  const turns = published
    .filter(({ effectiveAtMs }) => effectiveAtMs > atMs)
    .map(({ version, effectiveAtMs }) => ({ version, effectiveAtMs, day: findLocalDay(timezone, effectiveAtMs) }));
  const days = claims.flatMap(({ firstDay, lastDay }) => [firstDay, lastDay && nextDay(lastDay)]);
  // At the day's first moment: a version of that day comes later in it.
  const versionOn = (day: string): number | null => turns.findLast((turn) => turn.day < day)?.version ?? now.version;
  const moments = [
    ...turns.map(({ day, version, effectiveAtMs }) => ({ day, version, effectiveAtMs })),
    ...[...new Set(days)].flatMap((day) => {
      const version = day === null || day <= now.day ? null : versionOn(day);
      return day === null || version === null ? [] : [{ day, version, effectiveAtMs: null }];
    }),
  ].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : (a.effectiveAtMs ?? 0) - (b.effectiveAtMs ?? 0)));
  const changes: TerritoryCheck['changes'] = [];
  let [held] = ownersAt(now.version, now.day);
  for (const { day, version, effectiveAtMs } of moments) {
    const [owner] = ownersAt(version, day);
    const isSame = owner?.locationId === held?.locationId && owner?.exclusive === held?.exclusive;
    held = owner;
    if (isSame || changes.length === MAX_CHANGES) continue;
    const effectiveAt = effectiveAtMs === null ? null : new Date(effectiveAtMs).toISOString();
    changes.push({ day, effectiveAt, version, owner: show(owner) });
  }
  return changes;
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

function show(claim: TerritoryClaim | undefined): ShownClaim | null {
  return claim ? showClaim(claim) : null;
}

function showClaim(claim: TerritoryClaim): ShownClaim {
  const { kind, value, row, exclusive, firstDay, lastDay, locationId: id, franchiseCode, name, active, paused } = claim;
  return { kind, value, row, exclusive, firstDay, lastDay, location: { id, franchiseCode, name, active, paused } };
}
