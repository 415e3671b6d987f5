// What one question needs of a directory that is too large for an isolate: some locations by name, the owners of a
// place, and the nearest to a point. The rules then decide over the slice as over the whole, so a slice must hold every
// location that could change the answer; where it may not, a larger one is asked for.
import { findObstacle } from '../leads/rules/eligibility.ts';
import type { Knowledge, RoutingQuestion } from '../leads/rules/decide.ts';
import { findPlace } from '../leads/rules/place.ts';
import type { Rules } from '../leads/rules/routing-rules.ts';
import { applyDirectoryChange, pickVersions, type Directory, type DirectoryLocation } from './rules/directory.ts';
import { measureDistanceMiles, type Coordinates } from './rules/distance.ts';
import { isOpenAt } from './rules/opening-hours.ts';
import type { PostalCodes } from './rules/postal-codes.ts';
import { territoryFieldsOf } from './rules/territory-fields.ts';
import { findTerritoryOwners, type TerritoryRow } from './rules/territory-index.ts';

export interface SliceAsk {
  /** Our ids, franchise codes in lower case or sub-account ids; those that nobody has are left out. */
  readonly names: readonly string[];
  /** As `territoryFieldsOf` names them. Where they are kept by fields, the owners' locations come with them. */
  readonly territoryFields: readonly string[];
  readonly near: NearAsk | null;
}

export interface NearAsk {
  readonly coordinates: Coordinates;
  /** Inclusive. Where nobody is inside, the nearest beyond it comes all the same. */
  readonly radiusMiles: number;
  readonly limit: number;
}

export interface Slice {
  readonly locations: readonly DirectoryLocation[];
  /** Null: the held directory has them all. */
  readonly territories: readonly TerritoryRow[] | null;
  /** Every active location up to this distance from the point is in `locations`. */
  readonly horizonMiles: number;
}

/** Throws where it cannot be reached; null where the copy is gone or broken. */
export type ReadSlice = (ask: SliceAsk) => Promise<Slice | null>;

/** `decide` asks at most 16 nearby, and looks at the next to see that the last of them is clear of it. */
const NEAREST_LOOKED_AT = 17;
const FIRST_LIMIT = 48;
const LIMIT_GROWTH = 4;
/** The nearest 12,288: past that the question is decided among them. */
const MAX_READS = 5;
/** Half the way round the Earth: everything. */
const EVERYWHERE_MILES = 12_500;

export interface LeadQuestion {
  readonly question: RoutingQuestion;
  readonly knowledge: Knowledge;
}

export interface SliceContext {
  /** The directory without locations. */
  readonly thin: Directory;
  readonly postalCodes: PostalCodes;
  readonly readSlice: ReadSlice;
  readonly nowMs: number;
}

/** A directory over which `decide` answers this lead as over the whole. Null where the copy is gone. */
export async function sliceForLead(
  context: SliceContext,
  { question, knowledge }: LeadQuestion,
): Promise<Directory | null> {
  const { rules, territories } = context.thin;
  const place = findPlace(question, context.postalCodes);
  // Where the territories are held, what is read by fields knows nobody's owner: they are asked for by their ids.
  const owners = findTerritoryOwners(territories, question, context.postalCodes).map(({ locationId }) => locationId);
  const names = [...new Set([...namesOf(rules, { question, knowledge }), ...owners])];
  const territoryFields = territoryFieldsOf(question, context.postalCodes);
  const radiusMiles = Math.max(rules.radiusMiles, rules.overflow.mode === 'nearest' ? rules.overflow.radiusMiles : 0);
  // Who is named, has the person or owns the place is not counted among the nearest, and may be one of them.
  const needed = NEAREST_LOOKED_AT + names.length + territoryFields.length;
  const isOpen = (location: DirectoryLocation): boolean =>
    rules.hours === 'ignored' || isOpenAt(location, context.nowMs);
  const eligibility = { service: question.service, refusals: knowledge.refusals };
  return readWidening(context, {
    ask: { names, territoryFields, near: place && { coordinates: place.coordinates, radiusMiles, limit: FIRST_LIMIT } },
    // A score can lift the farthest one inside the radius over all others.
    needed: rules.strategy.kind === 'score' ? Infinity : needed,
    accepts: (location) => findObstacle(location, eligibility) === null && isOpen(location),
  });
}

export interface NearbyWanted {
  readonly coordinates: Coordinates;
  readonly radiusMiles: number | null;
  readonly limit: number;
  readonly accepts: (location: DirectoryLocation) => boolean;
}

/** A directory in which the `limit` nearest that `accepts` are those of the whole. Null where the copy is gone. */
export function sliceForNearby(
  context: SliceContext,
  { coordinates, radiusMiles, limit, accepts }: NearbyWanted,
): Promise<Directory | null> {
  const near = { coordinates, radiusMiles: radiusMiles ?? EVERYWHERE_MILES, limit: Math.max(FIRST_LIMIT, 2 * limit) };
  return readWidening(context, { ask: { names: [], territoryFields: [], near }, needed: limit + 1, accepts });
}

/** A directory of these locations alone. Null where the copy is gone. */
export async function sliceForLocations(
  { thin, readSlice }: Pick<SliceContext, 'thin' | 'readSlice'>,
  ids: readonly string[],
): Promise<Directory | null> {
  const slice = await readSlice({ names: ids, territoryFields: [], near: null });
  return slice && toDirectory(thin, slice);
}

interface Widening {
  readonly ask: SliceAsk;
  /** So many accepted ones inside the horizon are enough; with fewer, all inside the radius are needed. */
  readonly needed: number;
  readonly accepts: (location: DirectoryLocation) => boolean;
}

async function readWidening(
  { thin, readSlice }: SliceContext,
  { ask, needed, accepts }: Widening,
): Promise<Directory | null> {
  let limit = ask.near?.limit ?? 0;
  for (let reads = 1; ; reads++) {
    const near = ask.near && { ...ask.near, limit };
    const slice = await readSlice({ ...ask, near });
    if (!slice) return null;
    if (!near || reads === MAX_READS || isEnough(slice, { near, needed, accepts })) return toDirectory(thin, slice);
    limit *= LIMIT_GROWTH;
  }
}

function isEnough(
  slice: Slice,
  { near, needed, accepts }: { near: NearAsk; needed: number; accepts: Widening['accepts'] },
): boolean {
  if (slice.horizonMiles >= near.radiusMiles) return true;
  const isInside = (location: DirectoryLocation): boolean =>
    location.active && measureDistanceMiles(near.coordinates, location.coordinates) < slice.horizonMiles;
  return slice.locations.filter((location) => isInside(location) && accepts(location)).length >= needed;
}

function namesOf(rules: Rules, { question, knowledge }: LeadQuestion): string[] {
  const { namedLocation } = question;
  const names = new Set<string>();
  if (namedLocation) names.add(namedLocation.toLowerCase()).add(namedLocation);
  if (knowledge.stickyLocationId) names.add(knowledge.stickyLocationId);
  if (rules.overflow.mode === 'pool') for (const code of rules.overflow.locations) names.add(code.toLowerCase());
  return [...names];
}

function toDirectory(thin: Directory, { locations, territories }: Slice): Directory {
  return applyDirectoryChange(thin, {
    ...pickVersions(thin),
    changedLocations: locations,
    ...(territories && { territories }),
  });
}
