import { describe, expect, it } from 'vitest';
import { getPostalCodes } from '../testing/postal-codes.ts';
import { findPostalCode, listPostalCodes, postalCodesBetween } from './postal-codes.ts';
import { measureDistanceMiles } from './distance.ts';
import { buildTerritoryIndex, type TerritoryRow } from './territory-index.ts';
import { reportTerritories } from './territory-report.ts';
import { parseTerritoryRows } from './territory-rows.ts';

const postalCodes = getPostalCodes();
const all = [...listPostalCodes(postalCodes)];
const DAY = '2026-11-25';
const owners = new Map(['a', 'b', 'c'].map((code) => [code, { id: `id-${code}`, active: code !== 'c' }]));
const franchiseCodes = new Map([...owners].map(([code, { id }]) => [id, code.toUpperCase()]));

function report(rows: readonly Record<string, string>[], before: readonly TerritoryRow[] = []) {
  const { territories, errors } = parseTerritoryRows(rows, { postalCodes, allowUnknown: true });
  expect(errors).toEqual([]);
  const index = buildTerritoryIndex(before, { day: DAY, rowsVersion: null });
  return reportTerritories({ territories, owners, before: index, franchiseCodes, postalCodes, day: DAY });
}
const zip = (postalCode: string, franchiseCode: string) => ({ postalCode, franchiseCode });

describe('the report of an import', () => {
  it('counts whose six nearest postal codes have owners, and are left out themselves, as gaps', () => {
    const suffolk = all.filter(({ state, county }) => state === 'MA' && county === 'Suffolk');
    const hole = '02118';
    const owned = suffolk.filter(({ code }) => code !== hole);
    const { gaps, states, postalCodes: counted } = report(owned.map(({ code }) => zip(code, 'A')));
    const nearestOf = (code: string): string[] => {
      const at = findPostalCode(postalCodes, code)?.coordinates ?? { lng: 0, lat: 0 };
      return all
        .filter(
          ({ code: other, coordinates: { lng, lat } }) =>
            other !== code && Math.abs(lng - at.lng) + Math.abs(lat - at.lat) < 1,
        )
        .map((other, place) => ({ code: other.code, place, miles: measureDistanceMiles(at, other.coordinates) }))
        .sort((a, b) => a.miles - b.miles || a.place - b.place)
        .slice(0, 6)
        .map((near) => near.code);
    };
    const isOwned = new Set(owned.map(({ code }) => code));
    const expected = all.filter(
      ({ code, state }) =>
        state === 'MA' && !isOwned.has(code) && nearestOf(code).filter((near) => isOwned.has(near)).length >= 4,
    );
    expect(expected.map(({ code }) => code)).toContain(hole);
    expect(gaps.total).toBe(expected.length);
    expect(gaps.shown.reduce((sum, { postalCodes: count }) => sum + count, 0)).toBe(expected.length);
    expect(gaps.shown.find(({ county }) => county === 'Suffolk')).toEqual({
      state: 'MA',
      county: 'Suffolk',
      postalCodes: 1,
      examples: [hole],
    });
    expect(counted).toEqual({ known: postalCodes.size, owned: owned.length });
    expect(states).toEqual([
      {
        state: 'MA',
        postalCodes: all.filter(({ state }) => state === 'MA').length,
        owned: owned.length,
        gaps: gaps.total,
      },
    ]);
  });

  it('names ranges of different owners that overlap on the same days, and only these', () => {
    const { overlaps } = report([
      zip('02100-02139', 'A'),
      zip('02130-02199', 'B'),
      zip('02120-02125', 'A'),
      { ...zip('02190-02200', 'A'), firstDay: '2027-01-01' },
      { ...zip('02195-02210', 'B'), lastDay: '2026-12-31' },
    ]);
    const shared = postalCodesBetween(postalCodes, '02130', '02139');
    expect(overlaps.shown).toContainEqual({
      rows: [2, 3],
      territories: ['zip_range 02100-02139', 'zip_range 02130-02199'],
      franchiseCodes: ['A', 'B'],
      postalCodes: shared.length,
      examples: shared.slice(0, 5),
    });
    expect(overlaps.shown.map(({ rows }) => rows)).toEqual([
      [2, 3],
      [3, 5],
    ]);
  });

  it('takes a range inside another as cut out of it, which is no overlap', () => {
    const { overlaps, nested } = report([zip('02100-02199', 'A'), zip('02100-02139', 'B'), zip('02190-02199', 'B')]);
    expect(overlaps.total).toBe(0);
    expect(nested.shown).toMatchObject([{ territory: 'zip_range 02100-02199', franchiseCode: 'A' }]);
  });

  it('shows who owns inside a wider territory of somebody else', () => {
    const { nested } = report([{ state: 'VT', franchiseCode: 'A' }, zip('05401', 'B'), zip('05602', 'A')]);
    expect(nested).toEqual({
      total: 1,
      shown: [{ territory: 'state VT', franchiseCode: 'A', postalCodes: 1, examples: ['05401'] }],
    });
  });

  it('shows what changes hands against what is in effect', () => {
    const before: TerritoryRow[] = [
      ['zip', '02134', 'id-a', true, null, null],
      ['zip', '02135', 'id-a', true, null, null],
      ['zip', '02136', 'id-b', true, null, null],
    ];
    const { changes } = report([zip('02134', 'A'), zip('02135', 'B'), zip('02446', 'B')], before);
    expect(changes.total).toBe(3);
    expect(changes.shown).toEqual(
      expect.arrayContaining([
        { from: 'A', to: 'B', postalCodes: 1, examples: ['02135'] },
        { from: 'B', to: null, postalCodes: 1, examples: ['02136'] },
        { from: null, to: 'B', postalCodes: 1, examples: ['02446'] },
      ]),
    );
  });

  it('names what ends without a next owner, codes nobody knows, and owners that are not active', () => {
    const { endings, unknownPostalCodes, inactiveOwners } = report([
      { ...zip('02134', 'A'), lastDay: '2026-12-31' },
      { ...zip('02134', 'B'), firstDay: '2027-01-01', lastDay: '2027-06-30' },
      zip('00001', 'C'),
    ]);
    expect(endings.shown).toEqual([{ row: 3, territory: 'zip 02134', franchiseCode: 'B', lastDay: '2027-06-30' }]);
    expect(unknownPostalCodes.shown).toEqual([{ row: 4, postalCode: '00001' }]);
    expect(inactiveOwners.shown).toEqual([{ franchiseCode: 'C', rows: 1 }]);
  });

  it('stays small however bad the file is', () => {
    const rows = all.map(({ code }, place) => zip(code, 'abc'[place % 3] ?? 'a'));
    const before = all.map(({ code }, place): TerritoryRow => [
      'zip',
      code,
      `id-${'bca'[place % 3]}`,
      true,
      null,
      null,
    ]);
    expect(JSON.stringify(report(rows, before)).length).toBeLessThan(50_000);
  });
});
