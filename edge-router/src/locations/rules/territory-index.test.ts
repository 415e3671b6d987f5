import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ownersOf } from '../../testing/oracle-territories.ts';
import { testDirectory, testLocationId, testRules } from '../../testing/test-directory.ts';
import { getPostalCodes } from '../testing/postal-codes.ts';
import { activateDue, applyDirectoryChange } from './directory.ts';
import { listPostalCodes } from './postal-codes.ts';
import { listTerritoryFields, territoryFieldsOf } from './territory-fields.ts';
import { buildTerritoryIndex, findTerritoryOwners, type TerritoryRow } from './territory-index.ts';

const postalCodes = getPostalCodes();
const codes = [...listPostalCodes(postalCodes)];
/** Few enough to be hit by one another. */
const crowded = codes.filter(({ state }) => ['MA', 'VT', 'ON'].includes(state)).filter((_, place) => place % 20 === 0);
const days = ['2026-06-01', '2026-06-02', '2027-01-01'];
const maybeDay = fc.constantFrom(null, null, ...days);

const values = fc.oneof(
  fc.constantFrom(...crowded).map(({ code }) => ['zip', code] as const),
  fc
    .tuple(fc.integer({ min: 1000, max: 5999 }), fc.integer({ min: 0, max: 400 }))
    .map(([from, width]) => ['zip_range', `0${from}-0${Math.min(5999, from + width)}`] as const),
  fc.constantFrom(...crowded).map(({ state, city }) => ['city', `${state}/${city}`] as const),
  // Counties are found the most rarely.
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(...crowded.filter(({ county }) => county !== null))
      .map(({ state, county }) => ['county', `${state}/${county}`] as const),
  },
  fc.constantFrom('MA', 'VT', 'ON').map((state) => ['state', state] as const),
);
const rows = fc
  .array(fc.tuple(values, fc.nat(40), fc.boolean(), maybeDay, maybeDay, fc.constantFrom(undefined, [1], [2], [1, 2])), {
    maxLength: 60,
  })
  .map((made): TerritoryRow[] => {
    const seen = new Set<string>();
    return made.flatMap(([[kind, value], owner, exclusive, from, to, versions]) => {
      const key = `${kind} ${value.toLowerCase()}`;
      if (seen.has(key) || (from !== null && to !== null && to <= from)) return [];
      seen.add(key);
      const row = [kind, value, testLocationId(owner), exclusive, from, to] as const;
      return [versions ? [...row, versions] : row];
    });
  });
const questions = fc.oneof(
  fc
    .constantFrom(...crowded)
    .map((entry) => ({ postalCode: entry.code, city: null, state: null, entry, cities: [entry.city] })),
  fc.constantFrom(...crowded).chain((entry) =>
    fc.constantFrom(...crowded).map(({ city, state }) => ({
      postalCode: entry.code,
      city,
      state,
      entry,
      cities: state === entry.state ? [entry.city, city] : [entry.city],
    })),
  ),
  fc
    .constantFrom(...crowded)
    .map(({ city, state }) => ({ postalCode: '99999', city, state, entry: { state, county: null }, cities: [city] })),
  fc
    .constantFrom('MA', 'VT')
    .map((state) => ({ postalCode: null, city: null, state, entry: { state, county: null }, cities: [] })),
);

describe('the owners of a place', () => {
  it('are those that holding every row against it gives, on any day and in any version', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        rows,
        questions,
        fc.constantFrom(...days),
        fc.constantFrom(null, 1, 2),
        (made, asked, day, version) => {
          const index = buildTerritoryIndex(made, { day, rowsVersion: version });
          const { entry, cities, ...question } = asked;
          const found = findTerritoryOwners(index, question, postalCodes);
          const place = { zip: question.postalCode, cities, county: entry.county, state: entry.state };
          const expected = ownersOf(made, place, { day, version });
          const toText = (owner: { kind: string; value: string }): string => `${owner.kind} ${owner.value}`;
          const byCityOrder = (texts: string[]): string[] =>
            texts.toSorted((a, b) => (a.startsWith('city') && b.startsWith('city') ? (a < b ? -1 : 1) : 0));
          expect(byCityOrder(found.map(toText))).toEqual(byCityOrder(expected.map(toText)));
          expect(found.map(({ locationId }) => locationId).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
          for (const { kind } of found) kinds.add(kind);
          // By fields, as in Redis, nobody is missed.
          const fields = new Set(territoryFieldsOf(question, postalCodes));
          const sliced = made.filter((row) => listTerritoryFields(row).some((field) => fields.has(field)));
          expect(
            findTerritoryOwners(buildTerritoryIndex(sliced, { day, rowsVersion: version }), question, postalCodes),
          ).toEqual(found);
        },
      ),
      { numRuns: 2000 },
    );
    expect(kinds).toEqual(new Set(['zip', 'zip_range', 'city', 'county', 'state']));
  }, 60_000);
});

describe('a directory', () => {
  const owner = (number: number): string => testLocationId(number);
  const question = { postalCode: '02134', city: null, state: null };
  const ownerIn = (directory: ReturnType<typeof testDirectory>): string | undefined =>
    findTerritoryOwners(directory.territories, question, postalCodes)[0]?.locationId;

  it('hands a place over at the brand’s own midnight', () => {
    const directory = testDirectory({
      rules: { ...testRules, timezone: 'America/Los_Angeles' },
      territories: [
        ['zip', '02134', owner(1), true, null, '2027-01-01'],
        ['zip', '02134', owner(2), true, '2027-01-01', null],
      ],
    });
    const before = activateDue(directory, Date.parse('2027-01-01T07:59:59Z'));
    expect(ownerIn(before)).toBe(owner(1));
    expect(activateDue(before, Date.parse('2027-01-01T07:59:59.999Z'))).toBe(before);
    expect(ownerIn(activateDue(before, Date.parse('2027-01-01T08:00:00Z')))).toBe(owner(2));
  });

  it('goes over to a version at its time, and keeps both through a change of something else', () => {
    const directory = testDirectory({
      territories: [
        ['zip', '02134', owner(1), true, null, null, [3]],
        ['zip', '02134', owner(2), true, null, null, [4]],
      ],
      territoryVersions: [
        { version: 3, rowsVersion: 3, effectiveAtMs: 1000 },
        { version: 4, rowsVersion: 4, effectiveAtMs: 5000 },
        { version: 5, rowsVersion: 3, effectiveAtMs: 9000 },
      ],
    });
    const at = (ms: number) => activateDue(directory, ms);
    expect(
      [at(999), at(1000), at(4999), at(5000), at(9000)].map((each) => [each.territoryVersion, ownerIn(each)]),
    ).toEqual([
      [null, undefined],
      [3, owner(1)],
      [3, owner(1)],
      [4, owner(2)],
      [5, owner(1)],
    ]);
    const changed = applyDirectoryChange(at(5000), {
      version: 9,
      territoriesVersion: 1,
      rulesVersion: 1,
      keysVersion: 1,
      changedLocations: [],
    });
    expect([changed.territoryVersion, ownerIn(changed)]).toEqual([4, owner(2)]);
    expect(ownerIn(activateDue(changed, 9000))).toBe(owner(1));
  });
});
