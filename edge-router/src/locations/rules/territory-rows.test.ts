import { describe, expect, it } from 'vitest';

import { getPostalCodes } from '../testing/postal-codes.ts';
import { listPostalCodes } from './postal-codes.ts';
import { parseTerritoryCsv, parseTerritoryRows } from './territory-rows.ts';

const context = { postalCodes: getPostalCodes() };

/** A row of a postal code, always. */
const zip = (row: number, value: string, franchiseCode: string, exclusive = true) => ({
  row,
  kind: 'zip',
  value,
  franchiseCode,
  exclusive,
  from: null,
  to: null,
});

describe('a file of territories', () => {
  it('gives each postal code its owner, exclusive unless it says otherwise', () => {
    const csv =
      'Postal Code,Franchise Code,Exclusive\n02134,BOS-1,\n02108-1234,BOS-1,no\nm5v 3l9,TOR-1,Yes\n2110,BOS-2,TRUE\n';
    const { territories, errors, warnings } = parseTerritoryCsv(csv, context);
    expect(errors).toEqual([]);
    expect(territories).toEqual([
      zip(2, '02134', 'BOS-1'),
      zip(3, '02108', 'BOS-1', false),
      zip(4, 'M5V', 'TOR-1'),
      zip(5, '02110', 'BOS-2'),
    ]);
    expect(warnings).toMatchObject([{ row: 5, code: 'postal_code_repaired', suggestion: '02110' }]);
  });

  it('may lack the column Exclusive and call the code Zip Code', () => {
    const { territories } = parseTerritoryCsv('Zip Code,Franchise Code\n02134,BOS-1', context);
    expect(territories).toEqual([zip(2, '02134', 'BOS-1')]);
  });

  it('may give wider places: ranges, cities, counties and states, as the table names them', () => {
    const csv = `Postal Code,County,City,State,Franchise Code
02100-02199,,,,A
02200 to 02299,,,,A
,,boston,Massachusetts,A
,suffolk county,,MA,A
,Saint Louis,,Missouri,A
,,,Vermont,A
02134,Suffolk,Allston,MA,A`;
    const { territories, errors } = parseTerritoryCsv(csv, context);
    expect(errors).toEqual([]);
    expect(territories.map(({ kind, value }) => `${kind} ${value}`)).toEqual([
      'zip_range 02100-02199',
      'zip_range 02200-02299',
      'city MA/Boston',
      'county MA/Suffolk',
      'county MO/St. Louis',
      'state VT',
      'zip 02134',
    ]);
  });

  it('may have a place change hands: both days are included', () => {
    const csv = `Postal Code,Franchise Code,First Day,Last Day
02134,A,,2026-12-31
02134,B,1/1/2027,2027-06-30
02134,C,2027-07-01,`;
    const { territories, errors } = parseTerritoryCsv(csv, context);
    expect(errors).toEqual([]);
    expect(territories.map(({ from, to }) => [from, to])).toEqual([
      [null, '2027-01-01'],
      ['2027-01-01', '2027-07-01'],
      ['2027-07-01', null],
    ]);
  });

  it('has every bad row reported at once', () => {
    const { errors, territories } = parseTerritoryRows(
      [
        { postalCode: '02134', franchiseCode: 'BOS-1' },
        { postalCode: '99999', franchiseCode: 'BOS-1' },
        { postalCode: '0213x', franchiseCode: 'BOS-1' },
        { postalCode: '02134-0001', franchiseCode: 'BOS-2' },
        { postalCode: '02108', franchiseCode: ' ' },
        { postalCode: '', franchiseCode: 'BOS-1' },
        { postalCode: '02109', franchiseCode: 'BOS-1', exclusive: 'sometimes' },
        { postalCode: '02199-02100', franchiseCode: 'BOS-1' },
        { postalCode: '00600-99999', franchiseCode: 'BOS-1' },
        { postalCode: '00000-00100', franchiseCode: 'BOS-1' },
        { city: 'Boston', franchiseCode: 'BOS-1' },
        { county: 'Middle Earth', state: 'MA', franchiseCode: 'BOS-1' },
        { city: 'Boston', county: 'Suffolk', state: 'MA', franchiseCode: 'BOS-1' },
        { state: 'Narnia', franchiseCode: 'BOS-1' },
        { postalCode: '02109', franchiseCode: 'BOS-1', firstDay: '2027-02-30' },
        { postalCode: '02109', franchiseCode: 'BOS-1', firstDay: '2027-02-02', lastDay: '2027-02-01' },
        { postalCode: '02134', franchiseCode: 'BOS-2', firstDay: '2027-01-01' },
        { postalCode: 'M5V-M6V', franchiseCode: 'TOR-1' },
      ],
      context,
    );
    expect(territories).toEqual([zip(2, '02134', 'BOS-1')]);
    expect(errors.map(({ row, column, code }) => [row, column, code])).toEqual([
      [3, 'Postal Code', 'unknown_postal_code'],
      [4, 'Postal Code', 'malformed_postal_code'],
      [5, 'Postal Code', 'duplicate'],
      [6, 'Franchise Code', 'missing'],
      [7, 'Postal Code', 'missing'],
      [8, 'Exclusive', 'not_yes_or_no'],
      [9, 'Postal Code', 'malformed_range'],
      [10, 'Postal Code', 'malformed_range'],
      [11, 'Postal Code', 'unknown_postal_code'],
      [12, 'State', 'missing'],
      [13, 'County', 'unknown_county'],
      [14, 'County', 'two_places'],
      [15, 'State', 'unknown_state'],
      [16, 'First Day', 'bad_date'],
      [17, 'Last Day', 'before_first_day'],
      [18, 'Postal Code', 'duplicate'],
      [19, 'Postal Code', 'malformed_postal_code'],
    ]);
    expect(errors[2]?.message).toBe('This postal code is also on row 2.');
    expect(errors[15]?.message).toBe('This postal code is also on row 2, for some of the same days.');
  });

  it('may have codes that are not in the table where that is allowed', () => {
    const rows = [{ postalCode: '75072', franchiseCode: 'MCK-1' }];
    const { territories, errors, warnings } = parseTerritoryRows(rows, { ...context, allowUnknown: true });
    expect({ territories: territories.length, errors }).toEqual({ territories: 1, errors: [] });
    expect(warnings).toMatchObject([{ row: 2, code: 'unknown_postal_code' }]);
  });

  it('may own every postal code there is, in well under two seconds', () => {
    const lines = [...listPostalCodes(context.postalCodes)].map(({ code }, i) => `${code},LOC-${i % 900},yes`);
    const before = process.cpuUsage();
    const { territories, errors } = parseTerritoryCsv(
      ['Postal Code,Franchise Code,Exclusive', ...lines].join('\n'),
      context,
    );
    const { user, system } = process.cpuUsage(before);
    expect({ territories: territories.length, errors }).toEqual({ territories: lines.length, errors: [] });
    expect((user + system) / 1000).toBeLessThan(2000);
  });

  it('has at most 100,000 rows', () => {
    const rows = Array.from({ length: 100_001 }, () => ({ postalCode: '02134', franchiseCode: 'A' }));
    expect(parseTerritoryRows(rows, context).errors).toMatchObject([{ row: 1, code: 'too_many_rows' }]);
  });
});
