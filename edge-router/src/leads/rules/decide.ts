import type { LocationId } from '../../rules/ids.ts';
import type { Directory, DirectoryLocation } from '../../locations/rules/directory.ts';
import { measureDistanceMiles } from '../../locations/rules/distance.ts';
import { findNearest, type Near } from '../../locations/rules/geo-index.ts';
import { findPostalCodePoint } from '../../locations/rules/postal-codes.ts';
import { findTerritoryOwners, type TerritoryOwner } from '../../locations/rules/territory-index.ts';
import type { Decision, MatchLevel, ParkedReason, Verdict } from './decision.ts';
import { consider, MAX_ATTEMPTS, record, type DecideInput, type Draft } from './draft.ts';
import { findObstacle } from './eligibility.ts';
import { findPlace, type Place } from './place.ts';
import { rankLevel, type Rankable } from './rank.ts';

export type { DecideInput, Knowledge, RoutingQuestion } from './draft.ts';

/** Those inside the radius that a score can choose from. */
const MAX_SCORED = 1000;

/**
 * Finds whom to ask for a seat, in order: named, sticky, territory, nearest, overflow. Pure and total: where nobody
 * can be asked, `attempts` is empty and `parkedReason` says why.
 */
export function decide(input: DecideInput): Decision {
  const { question, directory, knowledge, nowMs } = input;
  const { rules } = directory;
  const owners = findTerritoryOwners(directory.territories, question, input.postalCodes);
  const draft: Draft = {
    ...input,
    anywayId: findAnyway(owners, directory),
    place: findPlace(question, input.postalCodes),
    eligibility: {
      service: question.service,
      refusals: knowledge.refusals,
      openAtMs: rules.hours === 'required' ? nowMs : null,
    },
    attempts: [],
    candidates: [],
    seen: new Set(),
    omitted: {},
    notesMade: [],
    obstructedShown: 0,
  };
  if (question.postalCode && !findPostalCodePoint(input.postalCodes, question.postalCode)) {
    draft.notesMade.push('postalCode: unknown');
  }
  considerNamed(draft);
  considerSticky(draft);
  return finishDecision(draft, considerTerritories(draft, owners) ?? considerNearest(draft));
}

/** Who gets the lead although its day is full or over, by whichever level it is considered. */
function findAnyway(owners: readonly TerritoryOwner[], { rules, locationsById }: Directory): LocationId | null {
  if (rules.territory.whenOwnerUnavailable !== 'owner_anyway') return null;
  return owners.find(({ exclusive, locationId }) => exclusive && locationsById.has(locationId))?.locationId ?? null;
}

function considerNamed(draft: Draft): void {
  const named = draft.question.namedLocation;
  if (!named) return;
  const { directory } = draft;
  const lowered = named.toLowerCase();
  const id = directory.idsByFranchiseCode.get(lowered) ?? directory.idsByGhlLocationId.get(named) ?? lowered;
  const location = directory.locationsById.get(id);
  if (location) consider(draft, location, { matchLevel: 'named' });
  else draft.notesMade.push('location: unknown');
}

function considerSticky(draft: Draft): void {
  const { stickyLocationId } = draft.knowledge;
  const location = stickyLocationId ? draft.directory.locationsById.get(stickyLocationId) : undefined;
  if (location) consider(draft, location, { matchLevel: 'sticky' });
}

/**
 * The owners of the place, the most specific first, up to the first exclusive one: past it nobody is asked but by its
 * policy. @returns why the lead is parked should nobody of those found take it; null when the cascade goes on
 */
function considerTerritories(draft: Draft, owners: readonly TerritoryOwner[]): ParkedReason | null {
  const { directory } = draft;
  for (const owner of owners) {
    const location = directory.locationsById.get(owner.locationId);
    if (!location) continue;
    const policy = owner.exclusive ? directory.rules.territory.whenOwnerUnavailable : null;
    consider(draft, location, { matchLevel: 'territory', ...nameTerritory(owner) });
    if (policy === 'overflow') return considerOverflowOfOwner(draft);
    if (policy !== null) return 'territory_owner_unavailable';
  }
  return null;
}

/** A ZIP is in the lead's inputs already. */
function nameTerritory({ kind, value }: TerritoryOwner): { territory?: string } {
  return kind === 'zip' ? {} : { territory: `${kind} ${value}` };
}

function considerOverflowOfOwner(draft: Draft): ParkedReason {
  const { rules } = draft.directory;
  switch (rules.overflow.mode) {
    case 'none':
      return 'territory_owner_unavailable';
    case 'pool':
      considerPool(draft, rules.overflow.locations);
      return draft.attempts.length > 0 ? 'all_candidates_full' : whyNobody(draft);
    case 'nearest': {
      const reachMiles = Math.max(rules.radiusMiles, rules.overflow.radiusMiles);
      return considerAround(draft, { radiusMiles: 0, reachMiles });
    }
  }
}

function considerNearest(draft: Draft): ParkedReason {
  const { radiusMiles, overflow } = draft.directory.rules;
  const reachMiles = overflow.mode === 'nearest' ? Math.max(radiusMiles, overflow.radiusMiles) : radiusMiles;
  const reason = considerAround(draft, { radiusMiles, reachMiles });
  if (overflow.mode !== 'pool') return reason;
  considerPool(draft, overflow.locations);
  return draft.attempts.length > 0 ? 'all_candidates_full' : reason;
}

interface Reach {
  /** Inside it the level is `nearest` and the strategy orders; 0 where all is overflow. */
  readonly radiusMiles: number;
  /** Beyond the radius up to here it is overflow, by distance. */
  readonly reachMiles: number;
}

function considerAround(draft: Draft, reach: Reach): ParkedReason {
  const { place, directory } = draft;
  if (!place) return draft.attempts.length > 0 ? 'all_candidates_full' : 'no_place';
  const { strategy } = directory.rules;
  const orderedMiles = reach.radiusMiles > 0 ? reach.radiusMiles : reach.reachMiles;
  if (strategy.kind === 'score') {
    considerFound(draft, {
      ...search(draft, { place, radiusMiles: orderedMiles, limit: MAX_SCORED }),
      ...reach,
      place,
    });
    if (draft.attempts.length >= MAX_ATTEMPTS || orderedMiles >= reach.reachMiles) return explainAround(draft);
  }
  const limit = MAX_ATTEMPTS - draft.attempts.length;
  considerFound(draft, { ...search(draft, { place, radiusMiles: reach.reachMiles, limit }), ...reach, place });
  return explainAround(draft);
}

interface Found {
  /** By distance. */
  readonly near: readonly Near[];
  /** Indexes of those nearer than the last of them that could not be asked. */
  readonly obstructed: ReadonlyMap<number, Verdict>;
  readonly farthestMiles: number;
}

function search(
  draft: Draft,
  { place, radiusMiles, limit }: { place: Place; radiusMiles: number; limit: number },
): Found {
  const { activeLocations, geoIndex } = draft.directory;
  const { seen, eligibility } = draft;
  const obstructed = new Map<number, Verdict>();
  const near = findNearest({
    index: geoIndex,
    coordinates: place.coordinates,
    limit: Math.max(0, limit),
    radiusMiles,
    accepts: (index) => {
      const location = activeLocations[index];
      if (!location || seen.has(location.id)) return false;
      const obstacle = findObstacle(location, eligibility);
      if (obstacle) obstructed.set(index, obstacle);
      return obstacle === null;
    },
  });
  const isCut = near.length === limit;
  return { near, obstructed, farthestMiles: isCut ? (near.at(-1)?.distanceMiles ?? 0) : radiusMiles };
}

function considerFound(draft: Draft, found: Found & Reach & { readonly place: Place }): void {
  const { rules } = draft.directory;
  const { radiusMiles } = found;
  const all = mergeByDistance(draft, found);
  const isOrdered = rules.strategy.kind === 'nearest';
  const levelOf = (distanceMiles: number | null): MatchLevel =>
    (distanceMiles ?? 0) > radiusMiles || radiusMiles === 0 ? 'overflow' : 'nearest';
  if (isOrdered) {
    for (const { location, distanceMiles } of all) consider(draft, location, { matchLevel: levelOf(distanceMiles) });
    return;
  }
  const isRanked = ({ distanceMiles }: Rankable): boolean => radiusMiles === 0 || (distanceMiles ?? 0) <= radiusMiles;
  const isFree = ({ location }: Rankable): boolean => findObstacle(location, draft.eligibility) === null;
  const pool = radiusMiles === 0 ? 'overflow' : 'nearest';
  const level = all.filter((rankable) => isRanked(rankable) && isFree(rankable));
  for (const { location, distanceMiles, score, turn } of rankLevel(level, { ...draft, rules, pool })) {
    const matchLevel = levelOf(distanceMiles);
    consider(draft, location, { matchLevel, ...(score === undefined ? {} : { score }), ...(turn && { turn }) });
  }
  for (const { location, distanceMiles } of all) consider(draft, location, { matchLevel: levelOf(distanceMiles) });
}

/** Those that can be asked and those passed over on the way to them, by distance. */
function mergeByDistance(
  { directory }: Draft,
  { near, obstructed, farthestMiles, place }: Found & { readonly place: Place },
): Rankable[] {
  const all: (Rankable & { readonly distanceMiles: number; readonly index: number })[] = [];
  for (const { index, distanceMiles } of near) {
    const location = directory.activeLocations[index];
    if (location) all.push({ location, distanceMiles, index });
  }
  if (obstructed.size === 0) return all;
  for (const index of obstructed.keys()) {
    const location = directory.activeLocations[index];
    if (!location) continue;
    const distanceMiles = measureDistanceMiles(place.coordinates, location.coordinates);
    if (distanceMiles <= farthestMiles) all.push({ location, distanceMiles, index });
  }
  return all.sort((a, b) => a.distanceMiles - b.distanceMiles || a.index - b.index);
}

/** The brand's pool, wherever its members are: the nearest first, or as listed where the lead's point is not known. */
function considerPool(draft: Draft, franchiseCodes: readonly string[]): void {
  const { directory, place } = draft;
  const members = franchiseCodes.flatMap((code): Rankable[] => {
    const id = directory.idsByFranchiseCode.get(code.toLowerCase());
    const location = id === undefined ? undefined : directory.locationsById.get(id);
    if (!location) draft.notesMade.push(`overflow pool: ${code.slice(0, 20).toWellFormed()} is unknown`);
    return location
      ? [{ location, distanceMiles: place && measureDistanceMiles(place.coordinates, location.coordinates) }]
      : [];
  });
  if (place) members.sort((a, b) => (a.distanceMiles ?? 0) - (b.distanceMiles ?? 0) || compareIds(a, b));
  const isFree = ({ location }: Rankable): boolean =>
    !draft.seen.has(location.id) && findObstacle(location, draft.eligibility) === null;
  const { rules } = directory;
  const ranked = rankLevel(members.filter(isFree), { ...draft, rules, pool: 'overflow' });
  for (const { location, score, turn } of ranked) {
    consider(draft, location, {
      matchLevel: 'overflow',
      ...(score === undefined ? {} : { score }),
      ...(turn && { turn }),
    });
  }
  for (const { location } of members) consider(draft, location, { matchLevel: 'overflow' });
}

function compareIds(a: { location: DirectoryLocation }, b: { location: DirectoryLocation }): number {
  return a.location.id < b.location.id ? -1 : 1;
}

function explainAround(draft: Draft): ParkedReason {
  if (draft.attempts.length > 0) return 'all_candidates_full';
  return draft.candidates.length > 0 || draft.knowledge.refusals.size > 0 ? whyNobody(draft) : 'no_location_in_range';
}

function whyNobody({ knowledge }: Draft): ParkedReason {
  return [...knowledge.refusals.values()].includes('full') ? 'all_candidates_full' : 'no_eligible_location';
}

/** For the person who asks why: how far the nearest location was. Last, since who is shown is not considered any more. */
function showNearestBeyondReach(draft: Draft): void {
  const { place } = draft;
  if (!place) return;
  const [nearest] = findNearest({ index: draft.directory.geoIndex, coordinates: place.coordinates, limit: 1 });
  const location = nearest ? draft.directory.activeLocations[nearest.index] : undefined;
  if (location && !draft.seen.has(location.id)) {
    record(draft, location, { matchLevel: 'nearest', verdict: 'out_of_radius' });
  }
}

function finishDecision(draft: Draft, parkedReason: ParkedReason): Decision {
  const { question, directory, place, attempts } = draft;
  const { rules } = directory;
  if (parkedReason === 'no_location_in_range') showNearestBeyondReach(draft);
  const takesTurns = rules.strategy.kind === 'weighted_round_robin' && attempts.some(({ pool }) => pool !== undefined);
  return {
    attempts,
    parkedReason,
    maxCatchUpTurns:
      takesTurns && rules.strategy.kind === 'weighted_round_robin' ? rules.strategy.maxCatchUpTurns : null,
    trace: {
      ruleVersion: rules.version,
      territoryVersion: directory.territoryVersion,
      matchLevel: null,
      geoConfidence: place?.geoConfidence ?? null,
      place: place?.coordinates ?? null,
      inputs: {
        location: question.namedLocation,
        postalCode: question.postalCode,
        city: question.city,
        state: question.state,
        service: question.service,
      },
      candidates: draft.candidates,
      omitted: draft.omitted,
      notes: [...draft.notes, ...draft.notesMade],
    },
  };
}
