import type { LocationId } from '../../rules/ids.ts';
import { findPostalCode, toCityKey, toCountyKey, type PostalCodes } from './postal-codes.ts';

/**
 * What a territory is a set of, the most specific first: the order in which owners are asked. A city comes before its
 * county, since nearly every city lies within one.
 */
export type TerritoryKind = 'zip' | 'zip_range' | 'city' | 'county' | 'state';

/**
 * One territory as it travels: kind, value, owner's location id, exclusive, first day, first day no more (YYYY-MM-DD or
 * null for open ends, by the brand's own midnight), and the versions it belongs to, left out where that is all of those
 * carried. Values: `zip` in look-up form, `zip_range` as two of them ('02100-02199'), `county` and `city` as state and
 * name ('MA/Suffolk'), `state` by its code.
 */
export type TerritoryRow = readonly [
  kind: TerritoryKind,
  value: string,
  locationId: string,
  exclusive: boolean,
  from: string | null,
  to: string | null,
  versions?: readonly number[],
];

export interface TerritoryOwner {
  readonly kind: TerritoryKind;
  readonly value: string;
  readonly locationId: LocationId;
  readonly exclusive: boolean;
}

/** Which rows count. */
export interface TerritoryMoment {
  /** YYYY-MM-DD in the brand's zone. */
  readonly day: string;
  /** The version whose rows are in effect; null where none is. */
  readonly rowsVersion: number | null;
}

/** Who owns what at one moment, indexed. Immutable. */
export interface TerritoryIndex {
  readonly moment: TerritoryMoment;
  /** Whether another moment may have other owners. */
  readonly changesWithTime: boolean;
  /** By kind and key. */
  readonly owners: ReadonlyMap<string, TerritoryOwner>;
  /** By the three digits they touch, the narrowest first, and of these the one that begins first. */
  readonly ranges: ReadonlyMap<string, readonly ZipRange[]>;
}

interface ZipRange {
  readonly from: string;
  readonly to: string;
  readonly owner: TerritoryOwner;
}

const PREFIX_LENGTH = 3;
const ZIP = /^\d{5}$/;

/** The rows that are in force at `moment`. */
export function buildTerritoryIndex(rows: readonly TerritoryRow[], moment: TerritoryMoment): TerritoryIndex {
  const owners = new Map<string, TerritoryOwner>();
  const ranges = new Map<string, ZipRange[]>();
  let changesWithTime = false;
  for (const row of rows) {
    const [kind, value, locationId, exclusive, from, to, versions] = row;
    if (from !== null || to !== null || versions) changesWithTime = true;
    if (!isInForce(row, moment)) continue;
    const owner = { kind, value, locationId: locationId as LocationId, exclusive };
    if (kind === 'zip_range') addRange(ranges, owner);
    else owners.set(toTerritoryKey(kind, value), owner);
  }
  for (const sharing of ranges.values()) sharing.sort(compareRanges);
  return { moment, changesWithTime, owners, ranges };
}

function isInForce([, , , , from, to, versions]: TerritoryRow, { day, rowsVersion }: TerritoryMoment): boolean {
  if ((from !== null && from > day) || (to !== null && to <= day)) return false;
  return versions === undefined || (rowsVersion !== null && versions.includes(rowsVersion));
}

/** What all spellings of one territory have in common: `city:MA/stlouis`. */
export function toTerritoryKey(kind: TerritoryKind, value: string): string {
  if (kind !== 'city' && kind !== 'county') return `${kind}:${value}`;
  const slash = value.indexOf('/');
  const [state, name] = [value.slice(0, slash), value.slice(slash + 1)];
  return `${kind}:${state}/${kind === 'city' ? toCityKey(name) : toCountyKey(name)}`;
}

/** The two ends of a range, both in it. */
export function readRange(value: string): readonly [from: string, to: string] {
  const [from = '', to = from] = value.split('-');
  return [from, to];
}

/** Each three digits that a range of ZIPs touches. */
export function listRangePrefixes(value: string): string[] {
  const [from, to] = readRange(value);
  if (!ZIP.test(from) || !ZIP.test(to)) return [];
  const prefixes: string[] = [];
  for (let prefix = Number(from.slice(0, PREFIX_LENGTH)); prefix <= Number(to.slice(0, PREFIX_LENGTH)); prefix++) {
    prefixes.push(String(prefix).padStart(PREFIX_LENGTH, '0'));
  }
  return prefixes;
}

function addRange(ranges: Map<string, ZipRange[]>, owner: TerritoryOwner): void {
  const [from, to] = readRange(owner.value);
  for (const prefix of listRangePrefixes(owner.value)) {
    const sharing = ranges.get(prefix);
    if (sharing) sharing.push({ from, to, owner });
    else ranges.set(prefix, [{ from, to, owner }]);
  }
}

function compareRanges(a: ZipRange, b: ZipRange): number {
  return Number(a.to) - Number(a.from) - (Number(b.to) - Number(b.from)) || Number(a.from) - Number(b.from);
}

export interface TerritoryQuestion {
  /** Look-up form. */
  readonly postalCode: string | null;
  readonly city: string | null;
  readonly state: string | null;
}

/**
 * The keys under which territories may hold a place, the most specific first; `prefix` is where to look among ranges. A
 * postal code that is known says where it lies; the city that was given with it counts beside its own where the state is
 * the same, for people name their town and the post another. A county is known by the postal code alone.
 */
export function listTerritoryKeys(
  { postalCode, city, state }: TerritoryQuestion,
  postalCodes: PostalCodes,
): { readonly zip: string | null; readonly prefix: string | null; readonly wider: readonly string[] } {
  const entry = postalCode ? findPostalCode(postalCodes, postalCode) : null;
  const stateCode = entry?.state ?? state;
  const wider = new Set<string>();
  if (entry) wider.add(toTerritoryKey('city', `${entry.state}/${entry.city}`));
  if (city && stateCode && (state ?? stateCode) === stateCode) {
    wider.add(toTerritoryKey('city', `${stateCode}/${city}`));
  }
  if (entry?.county) wider.add(toTerritoryKey('county', `${entry.state}/${entry.county}`));
  if (stateCode) wider.add(`state:${stateCode}`);
  return {
    zip: postalCode && `zip:${postalCode}`,
    prefix: postalCode && ZIP.test(postalCode) ? postalCode.slice(0, PREFIX_LENGTH) : null,
    wider: [...wider],
  };
}

/** The owners of a place, the most specific first: of its postal code, a range with it, its city, county, state. */
export function findTerritoryOwners(
  index: TerritoryIndex,
  question: TerritoryQuestion,
  postalCodes: PostalCodes,
): readonly TerritoryOwner[] {
  if (index.owners.size === 0 && index.ranges.size === 0) return [];
  const { zip, prefix, wider } = listTerritoryKeys(question, postalCodes);
  const { postalCode } = question;
  const found: (TerritoryOwner | undefined)[] = zip ? [index.owners.get(zip)] : [];
  const ranges = prefix && postalCode ? (index.ranges.get(prefix) ?? []) : [];
  for (const { from, to, owner } of ranges) if (postalCode && from <= postalCode && postalCode <= to) found.push(owner);
  for (const key of wider) found.push(index.owners.get(key));
  return found.filter((owner) => owner !== undefined);
}
