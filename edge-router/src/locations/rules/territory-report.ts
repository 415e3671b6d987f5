import * as z from 'zod';
import { findGaps, type OwnedPostalCode } from './territory-gaps.ts';
import { findOverlaps } from './territory-overlaps.ts';
import { listPostalCodes, type PostalCodes } from './postal-codes.ts';
import {
  buildTerritoryIndex,
  findTerritoryOwners,
  toTerritoryKey,
  type TerritoryIndex,
  type TerritoryRow,
} from './territory-index.ts';
import type { TerritoryInput } from './territory-rows.ts';

/** Of each list so many are shown; `total` counts all. */
const MAX_SHOWN = 100;
const MAX_EXAMPLES = 5;

const listOf = <Item extends z.ZodType>(item: Item) => z.object({ total: z.int(), shown: z.array(item) });
const examples = z.array(z.string());

/** What an import is told of its territories, held against every postal code there is, before they are published. */
export const territoryReportSchema = z.object({
  day: z.string().describe('the day whose owners are counted, in the brand’s zone'),
  postalCodes: z.object({ known: z.int(), owned: z.int() }),
  overlaps: listOf(
    z.object({
      rows: z.tuple([z.int(), z.int()]),
      territories: z.tuple([z.string(), z.string()]),
      franchiseCodes: z.tuple([z.string(), z.string()]),
      postalCodes: z.int(),
      examples,
    }),
  ).describe(
    'ranges of different owners that cut into each other on the same days; publishing them has to be confirmed',
  ),
  nested: listOf(
    z.object({ territory: z.string(), franchiseCode: z.string(), postalCodes: z.int(), examples }),
  ).describe('wider territories inside which others own postal codes, who come first there'),
  gaps: listOf(
    z.object({
      state: z.string(),
      county: z.string().nullable(),
      postalCodes: z.int(),
      examples,
    }),
  ).describe('postal codes without an owner of whose six nearest at least four have one, by county'),
  states: z.array(z.object({ state: z.string(), postalCodes: z.int(), owned: z.int(), gaps: z.int() })),
  changes: listOf(
    z.object({ from: z.string().nullable(), to: z.string().nullable(), postalCodes: z.int(), examples }),
  ).describe('postal codes that change hands against the version in effect; `total` counts them'),
  endings: listOf(
    z.object({ row: z.int(), territory: z.string(), franchiseCode: z.string(), lastDay: z.string() }),
  ).describe('territories that nobody has after their last day'),
  unknownPostalCodes: listOf(z.object({ row: z.int(), postalCode: z.string() })),
  inactiveOwners: listOf(z.object({ franchiseCode: z.string(), rows: z.int() })),
});
export type TerritoryReport = z.output<typeof territoryReportSchema>;

export interface ReportInput {
  readonly territories: readonly TerritoryInput[];
  /** By franchise code in lower case; every owner of `territories` is there. */
  readonly owners: ReadonlyMap<string, { readonly id: string; readonly active: boolean }>;
  /** What is in effect now. */
  readonly before: TerritoryIndex;
  /** Of all locations that either names, by id. */
  readonly franchiseCodes: ReadonlyMap<string, string>;
  readonly postalCodes: PostalCodes;
  /** YYYY-MM-DD. */
  readonly day: string;
}

/** Looks at every known postal code once: about half a second of processor time. */
export function reportTerritories(input: ReportInput): TerritoryReport {
  const { territories, postalCodes, day } = input;
  const after = buildTerritoryIndex(toRows(input), { day, rowsVersion: null });
  const sweep = sweepPostalCodes(input, after);
  const gaps = findGaps(sweep.codes);
  return {
    day,
    postalCodes: { known: postalCodes.size, owned: sweep.codes.filter(({ isOwned }) => isOwned).length },
    overlaps: show(findOverlaps(territories, postalCodes)),
    nested: show(sweep.nested),
    gaps: { total: gaps.length, shown: groupGaps(gaps).slice(0, MAX_SHOWN) },
    states: countStates(sweep.codes, gaps),
    changes: {
      total: sweep.changes.reduce((sum, change) => sum + change.postalCodes, 0),
      shown: sweep.changes.slice(0, MAX_SHOWN),
    },
    endings: show(findEndings(territories, day)),
    unknownPostalCodes: show(findUnknown(input)),
    inactiveOwners: show(findInactive(input)),
  };
}

function show<Item>(items: readonly Item[]): { total: number; shown: Item[] } {
  return { total: items.length, shown: items.slice(0, MAX_SHOWN) };
}

function toRows({ territories, owners }: ReportInput): TerritoryRow[] {
  return territories.map(({ kind, value, franchiseCode, exclusive, from, to }) => {
    const owner = owners.get(franchiseCode.toLowerCase())?.id ?? '';
    return [kind, value, owner, exclusive, from, to];
  });
}

interface Group {
  postalCodes: number;
  readonly examples: string[];
}

function count<Key, Kept extends Group>(
  groups: Map<Key, Kept>,
  { key, make }: { key: Key; make: () => Kept },
  code: string,
) {
  const group = groups.get(key) ?? make();
  groups.set(key, group);
  group.postalCodes++;
  if (group.examples.length < MAX_EXAMPLES) group.examples.push(code);
}

const byPostalCodes = (a: Group, b: Group): number => b.postalCodes - a.postalCodes;

interface Sweep {
  readonly codes: readonly OwnedPostalCode[];
  readonly nested: TerritoryReport['nested']['shown'];
  readonly changes: TerritoryReport['changes']['shown'];
}

function sweepPostalCodes({ before, franchiseCodes, postalCodes }: ReportInput, after: TerritoryIndex): Sweep {
  const codes: OwnedPostalCode[] = [];
  const nested = new Map<string, Group & { territory: string; franchiseCode: string }>();
  const changes = new Map<string, Group & { from: string | null; to: string | null }>();
  const nameOf = (id: string | undefined): string | null => (id === undefined ? null : (franchiseCodes.get(id) ?? id));
  for (const entry of listPostalCodes(postalCodes)) {
    const question = { postalCode: entry.code, city: null, state: null };
    const [owner, ...wider] = findTerritoryOwners(after, question, postalCodes);
    const [former] = findTerritoryOwners(before, question, postalCodes);
    codes.push({ ...entry, isOwned: owner !== undefined });
    for (const { kind, value, locationId } of wider) {
      if (locationId === owner?.locationId) continue;
      const territory = `${kind} ${value}`;
      const make = () => ({ territory, franchiseCode: nameOf(locationId) ?? '', postalCodes: 0, examples: [] });
      count(nested, { key: territory, make }, entry.code);
    }
    if (former?.locationId === owner?.locationId) continue;
    const [from, to] = [nameOf(former?.locationId), nameOf(owner?.locationId)];
    count(changes, { key: `${from} ${to}`, make: () => ({ from, to, postalCodes: 0, examples: [] }) }, entry.code);
  }
  return {
    codes,
    nested: [...nested.values()].sort(byPostalCodes),
    changes: [...changes.values()].sort(byPostalCodes),
  };
}

function groupGaps(gaps: readonly OwnedPostalCode[]): TerritoryReport['gaps']['shown'] {
  const groups = new Map<string, Group & { state: string; county: string | null }>();
  for (const { code, state, county } of gaps) {
    count(groups, { key: `${state}/${county}`, make: () => ({ state, county, postalCodes: 0, examples: [] }) }, code);
  }
  return [...groups.values()].sort(byPostalCodes);
}

function countStates(codes: readonly OwnedPostalCode[], gaps: readonly OwnedPostalCode[]): TerritoryReport['states'] {
  const states = new Map<string, TerritoryReport['states'][number]>();
  for (const { state, isOwned } of codes) {
    const counted = states.get(state) ?? { state, postalCodes: 0, owned: 0, gaps: 0 };
    states.set(state, counted);
    counted.postalCodes++;
    if (isOwned) counted.owned++;
  }
  for (const { state } of gaps) {
    const counted = states.get(state);
    if (counted) counted.gaps++;
  }
  return [...states.values()].filter(({ owned }) => owned > 0).sort((a, b) => (a.state < b.state ? -1 : 1));
}

function findEndings(territories: readonly TerritoryInput[], day: string): TerritoryReport['endings']['shown'] {
  const byKey = Map.groupBy(territories, ({ kind, value }) => toTerritoryKey(kind, value));
  return territories.flatMap(({ row, kind, value, franchiseCode, to }) => {
    if (to === null || to <= day) return [];
    const sharing = byKey.get(toTerritoryKey(kind, value)) ?? [];
    const isFollowed = sharing.some(
      (next) => next.from !== null && next.from <= to && (next.to === null || next.to > to),
    );
    const lastDay = new Date(Date.parse(`${to}T00:00:00Z`) - 1).toISOString().slice(0, 10);
    return isFollowed ? [] : [{ row, territory: `${kind} ${value}`, franchiseCode, lastDay }];
  });
}

function findUnknown({ territories, postalCodes }: ReportInput): TerritoryReport['unknownPostalCodes']['shown'] {
  const known = new Set(Array.from(listPostalCodes(postalCodes), ({ code }) => code));
  return territories.flatMap(({ row, kind, value }) =>
    kind === 'zip' && !known.has(value) ? [{ row, postalCode: value }] : [],
  );
}

function findInactive({ territories, owners }: ReportInput): TerritoryReport['inactiveOwners']['shown'] {
  const byOwner = Map.groupBy(territories, ({ franchiseCode }) => franchiseCode.toLowerCase());
  return [...byOwner].flatMap(([code, rows]) =>
    owners.get(code)?.active === false ? [{ franchiseCode: rows[0]?.franchiseCode ?? code, rows: rows.length }] : [],
  );
}
