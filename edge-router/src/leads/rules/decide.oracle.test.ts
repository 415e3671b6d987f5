import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activateDue, type Directory, type DirectoryLocation } from '../../locations/rules/directory.ts';
import { findPostalCode, listPostalCodes } from '../../locations/rules/postal-codes.ts';
import type { TerritoryRow } from '../../locations/rules/territory-index.ts';
import { readFranchiseLocations } from '../../locations/testing/franchise-locations.ts';
import { getPostalCodes } from '../../locations/testing/postal-codes.ts';
import { askCascade, type CascadeLocation, type CascadeRules } from '../../testing/oracle-cascade.ts';
import { ownersOf } from '../../testing/oracle-territories.ts';
import { testDirectory, testLocation, testLocationId, testRules } from '../../testing/test-directory.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Rules, Strategy } from './routing-rules.ts';

const MAX_ASKED = 16;
const postalCodes = getPostalCodes();
const codes = [...listPostalCodes(postalCodes)].filter(({ country }) => country === 'US');
const zones = ['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles', 'America/Phoenix'];

/** The real locations where they are at hand, else as many real ZIPs. */
function listPoints(): { lng: number; lat: number }[] {
  const csv = readFranchiseLocations();
  if (csv === null) return codes.filter((_, index) => index % 12 === 0).map(({ coordinates }) => coordinates);
  const rows = parse<Record<string, string>>(csv, { columns: true, bom: true });
  return rows.map((row) => ({ lng: Number(row['longitude']), lat: Number(row['latitude']) }));
}

const points = listPoints();

/** The same numbers for the same seed; good enough to spread attributes over locations. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

function makeLocations(seed: number): DirectoryLocation[] {
  const random = createRandom(seed);
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  return points.map((coordinates, number) =>
    testLocation(number, {
      coordinates,
      timezone: oneOf(zones),
      services: oneOf([[], [], ['sewer'], ['sewer', 'gutters']]),
      active: random() > 0.05,
      paused: random() < 0.05,
      dailyCap: oneOf([null, 0, 1, 5, 20]),
      hours:
        random() < 0.3 ? null : Array.from({ length: 7 }, () => oneOf([[], [[540, 1020]], [[1200, 1560]]] as const)),
      holidays: random() < 0.1 ? ['2026-11-26'] : [],
      conversionRate: random() < 0.3 ? null : Math.round(random() * 100) / 100,
    }),
  );
}

const directories = new Map<number, { locations: DirectoryLocation[]; directory: Directory }>();

/** Building an index is what takes time: a few sets of locations are enough. */
function getDirectory(seed: number): { locations: DirectoryLocation[]; directory: Directory } {
  const made = directories.get(seed);
  if (made) return made;
  const locations = makeLocations(seed);
  const built = { locations, directory: testDirectory({ locations, territories: makeTerritories(seed) }) };
  directories.set(seed, built);
  return built;
}

/** A third of the ZIPs, ranges, cities, counties and states; many lie within each other, and some change hands. */
function makeTerritories(seed: number): TerritoryRow[] {
  const random = createRandom(seed + 99);
  const rows = new Map<string, TerritoryRow[]>();
  const add = (kind: TerritoryRow[0], value: string): void => {
    const [owner, next] = [0, 0].map(() => testLocationId(Math.floor(random() * points.length)));
    const exclusive = random() < 0.5;
    const handedOver = random() < 0.2 ? '2026-11-25' : null;
    const made: TerritoryRow[] = [[kind, value, owner ?? '', exclusive, null, handedOver]];
    if (handedOver) made.push([kind, value, next ?? '', !exclusive, handedOver, null]);
    rows.set(`${kind} ${value}`, made);
  };
  for (const { code, city, county, state } of codes) {
    if (random() < 0.2) add('zip', code);
    if (random() < 0.02) add('zip_range', `${code}-${String(Math.min(99_999, Number(code) + 150)).padStart(5, '0')}`);
    if (random() < 0.05) add('city', `${state}/${city}`);
    if (county && random() < 0.05) add('county', `${state}/${county}`);
    if (random() < 0.0005) add('state', state);
  }
  return [...rows.values()].flat();
}

const weight = fc.constantFrom(0, 0.5, 1, 3);
const strategies = fc.oneof(
  fc.constant<Strategy>({ kind: 'nearest' }),
  fc
    .record({ distance: weight, room: weight, conversion: weight, leadScore: weight })
    .filter((weights) => Object.values(weights).some((value) => value > 0))
    .map((weights): Strategy => ({ kind: 'score', weights })),
);

const scenes = fc.record({
  seed: fc.constantFrom(1, 2),
  code: fc.nat(codes.length - 1),
  strategy: strategies,
  radiusMiles: fc.constantFrom(5, 25, 60, 200),
  overflow: fc.constantFrom<Rules['overflow']>(
    { mode: 'none' },
    { mode: 'nearest', radiusMiles: 10 },
    { mode: 'nearest', radiusMiles: 150 },
    { mode: 'pool', locations: ['F3', 'F700', 'F14', 'F1500', 'nobody'] },
  ),
  whenOwnerUnavailable: fc.constantFrom('hold', 'overflow', 'owner_anyway'),
  hours: fc.constantFrom('ignored', 'required'),
  service: fc.constantFrom(null, 'sewer', 'gutters'),
  named: fc.option(fc.nat(points.length - 1), { freq: 6 }),
  sticky: fc.option(fc.nat(points.length - 1), { freq: 6 }),
  score: fc.constantFrom(null, 0, 40, 100, 700),
  // A working day, the evening, the night of the change of clocks, a holiday.
  atMs: fc
    .constantFrom('2026-11-24T15:00:00Z', '2026-11-25T03:30:00Z', '2026-11-01T05:45:00Z', '2026-11-26T18:00:00Z')
    .map(Date.parse),
});
type Scene = typeof scenes extends fc.Arbitrary<infer S> ? S : never;

const usedToday = (id: string): number | null => {
  const used = Number.parseInt(id.slice(-2), 16) % 8;
  return used === 7 ? null : used;
};

const activeDirectories = new Map<string, Directory>();

function getDirectoryAt({ seed, atMs }: Scene): Directory {
  const key = `${seed} ${atMs}`;
  const directory = activeDirectories.get(key) ?? activateDue(getDirectory(seed).directory, atMs);
  activeDirectories.set(key, directory);
  return directory;
}

function decideScene(scene: Scene): Decision {
  const directory = getDirectoryAt(scene);
  const { radiusMiles, overflow, strategy, hours, whenOwnerUnavailable } = scene;
  const territory = { whenOwnerUnavailable };
  return decide({
    question: {
      namedLocation: scene.named === null ? null : `f${scene.named}`,
      coordinates: null,
      postalCode: codes[scene.code]?.code ?? null,
      city: null,
      state: null,
      service: scene.service,
      score: scene.score,
    },
    directory: { ...directory, rules: { ...testRules, radiusMiles, overflow, strategy, territory, hours } },
    postalCodes,
    knowledge: { stickyLocationId: scene.sticky === null ? null : testLocationId(scene.sticky), refusals: new Map() },
    notes: [],
    nowMs: scene.atMs,
    usedToday,
  });
}

function askOracle(scene: Scene): { id: string; level: string }[] {
  const { locations } = getDirectory(scene.seed);
  const code = codes[scene.code]?.code ?? '';
  const owners = findOwners(scene, code);
  const { overflow, strategy } = scene;
  const rules: CascadeRules = {
    radiusMiles: scene.radiusMiles,
    overflow:
      overflow.mode === 'none'
        ? null
        : overflow.mode === 'pool'
          ? { pool: overflow.locations }
          : { miles: overflow.radiusMiles },
    whenOwnerUnavailable: scene.whenOwnerUnavailable,
    hoursRequired: scene.hours === 'required',
    score:
      strategy.kind === 'score'
        ? { distance: 0, room: 0, conversion: 0, leadScore: 0, ...(strategy.weights as CascadeRules['score']) }
        : null,
  };
  const lead = {
    named: scene.named === null ? null : `F${scene.named}`,
    sticky: scene.sticky === null ? null : testLocationId(scene.sticky),
    point: findPostalCode(postalCodes, code)?.coordinates ?? null,
    owners,
    service: scene.service,
    score: scene.score ?? 0,
    atMs: scene.atMs,
  };
  return askCascade(getCascadeLocations(scene.seed, locations), { lead, rules, used: usedToday });
}

const territoriesBySeed = new Map<number, TerritoryRow[]>();

function findOwners({ seed, atMs }: Scene, code: string): { id: string; exclusive: boolean }[] {
  const territories = territoriesBySeed.get(seed) ?? makeTerritories(seed);
  territoriesBySeed.set(seed, territories);
  const entry = codes.find((each) => each.code === code);
  const place = {
    zip: code,
    cities: entry ? [entry.city] : [],
    county: entry?.county ?? null,
    state: entry?.state ?? null,
  };
  const day = new Date(atMs).toLocaleString('sv-SE', { timeZone: testRules.timezone }).slice(0, 10);
  return ownersOf(territories, place, { day, version: null });
}

const cascadeBySeed = new Map<number, CascadeLocation[]>();

function getCascadeLocations(seed: number, locations: readonly DirectoryLocation[]): CascadeLocation[] {
  const made = cascadeBySeed.get(seed);
  if (made) return made;
  const flat = locations.map(({ coordinates, franchiseCode, ...rest }) => ({
    ...rest,
    ...coordinates,
    code: franchiseCode,
  }));
  cascadeBySeed.set(seed, flat);
  return flat;
}

describe('whom a decision asks, and in which order', () => {
  it('is what measuring every location and holding it against every rule gives', () => {
    const levels = new Set<string>();
    fc.assert(
      fc.property(scenes, (scene) => {
        const { attempts } = decideScene(scene);
        const expected = askOracle(scene).slice(0, MAX_ASKED);
        expect(attempts.map(({ locationId, matchLevel }) => ({ id: locationId, level: matchLevel }))).toEqual(expected);
        for (const { level } of expected) levels.add(level);
      }),
      { numRuns: 400 },
    );
    expect(levels).toEqual(new Set(['named', 'sticky', 'territory', 'nearest', 'overflow']));
  }, 60_000);

  it('by turns is the nearest, all with their weights, of whom Postgres chooses', () => {
    const weights = { F3: 5, F700: 2 };
    fc.assert(
      fc.property(scenes, (scene) => {
        const byTurns = decideScene({
          ...scene,
          strategy: { kind: 'weighted_round_robin', weights, maxCatchUpTurns: 2 },
        });
        const byDistance = decideScene({ ...scene, strategy: { kind: 'nearest' } });
        const plain = byTurns.attempts.map(({ locationId, matchLevel }) => ({ locationId, matchLevel }));
        expect(plain).toEqual(byDistance.attempts.map(({ locationId, matchLevel }) => ({ locationId, matchLevel })));
        for (const { locationId, matchLevel, pool, weight: given } of byTurns.attempts) {
          const code = `F${Number.parseInt(locationId.slice(-8), 16)}`;
          const takesTurns = pool !== undefined;
          expect(given).toBe(takesTurns ? (code === 'F3' ? 5 : code === 'F700' ? 2 : 1) : undefined);
          expect(pool ?? matchLevel).toBe(matchLevel);
          expect(takesTurns || !['nearest'].includes(matchLevel)).toBe(true);
        }
        expect(byTurns.maxCatchUpTurns).toBe(byTurns.attempts.some(({ pool }) => pool !== undefined) ? 2 : null);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('leaves a trace of at most 4 KB that names everybody who is asked', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const { attempts, trace } = decideScene(scene);
        expect(JSON.stringify(trace).length).toBeLessThanOrEqual(4096);
        for (const { locationId, traceIndex } of attempts) {
          expect(trace.candidates[traceIndex]?.locationId).toBe(locationId);
        }
      }),
      { numRuns: 200 },
    );
  });
});
