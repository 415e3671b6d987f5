import { describe, expect, it } from 'vitest';

import { readCsvSheet } from './csv-sheet.ts';
import { readJsonSheet, type Column } from './sheet.ts';

type Key = 'name' | 'zipCode' | 'note';

const columns: Column<Key>[] = [
  { key: 'name', heading: 'Location Name', isRequired: true, aliases: [] },
  { key: 'zipCode', heading: 'Zip Code', isRequired: true, aliases: [] },
  { key: 'note', heading: 'Note', isRequired: false, aliases: [] },
];
const options = { columns, maxRows: 5 };

function read(text: string) {
  return readCsvSheet(text, options);
}

describe('a CSV file', () => {
  it.each([
    ['commas', 'Location Name,Zip Code\nA,02134\nB,73102'],
    ['semicolons', 'Location Name;Zip Code\nA;02134\nB;73102'],
    ['tabs', 'Location Name\tZip Code\nA\t02134\nB\t73102'],
    ['bars', 'Location Name|Zip Code\nA|02134\nB|73102'],
    ['a byte order mark and CRLF', '\uFEFFLocation Name,Zip Code\r\nA,02134\r\nB,73102\r\n'],
    ['mixed line ends', 'Location Name,Zip Code\r\nA,02134\nB,73102\r'],
    ['quotes and spaces', '"Location Name" , "Zip Code"\n"A", 02134\n B ,"73102"'],
    ['Excel\u2019s separator line', 'sep=;\r\nLocation Name;Zip Code\r\nA;02134\r\nB;73102'],
    ['headings in any spelling', 'LOCATION_NAME,zipcode\nA,02134\nB,73102'],
    ['a comma in a quoted heading', '"x,y,z";Location Name;Zip Code\n1;A;02134\n2;B;73102'],
  ])('with %s is read', (_, text) => {
    expect(read(text).rows).toEqual([
      { row: 2, cells: { name: 'A', zipCode: '02134' } },
      { row: 3, cells: { name: 'B', zipCode: '73102' } },
    ]);
  });

  it('keeps line breaks and quotes inside a cell, and counts rows as a spreadsheet does', () => {
    const sheet = read('Location Name,Zip Code,Note\n"A ""the first""",02134,"one\ntwo"\n\n,,\nB,73102,5" pipe\n');
    expect(sheet.rows).toEqual([
      { row: 2, cells: { name: 'A "the first"', zipCode: '02134', note: 'one\ntwo' } },
      { row: 5, cells: { name: 'B', zipCode: '73102', note: '5" pipe' } },
    ]);
  });

  it('may have columns nobody asked for, which are reported', () => {
    const sheet = read('Location Name,Colour,Zip Code,\nA,red,02134,');
    expect(sheet).toMatchObject({ unknownColumns: ['Colour'], errors: [] });
  });

  it('with a value whose comma is not quoted loses that row alone', () => {
    const sheet = read('Location Name,Zip Code\nA, Inc.,02134\nB,73102');
    expect(sheet.rows).toMatchObject([{ row: 2, fault: { row: 2, code: 'too_many_cells' } }, { row: 3 }]);
    expect(sheet.rows[1]?.fault).toBeUndefined();
    expect(sheet.errors).toEqual([]);
  });

  it('whose header is repeated, as where files were joined, leaves those rows out and says so', () => {
    const sheet = read('Location Name,Zip Code\nLocation Name,Zip Code\nA,02134\nLocation Name,Zip Code\nB,73102');
    expect(sheet.rows.map(({ row }) => row)).toEqual([3, 5]);
    expect(sheet.warnings.map(({ row, code }) => [row, code])).toEqual([
      [2, 'repeated_header'],
      [4, 'repeated_header'],
    ]);
  });

  it('of headers alone is empty', () => {
    const sheet = read('Location Name,Zip Code\nLocation Name,Zip Code');
    expect(sheet).toMatchObject({ rows: [], errors: [{ row: 1, code: 'empty' }] });
  });

  it('with a short row has blanks there', () => {
    expect(read('Location Name,Zip Code,Note\nA,02134').rows[0]?.cells.note).toBeUndefined();
  });

  it.each([
    ['Location Name\nA', [{ row: 1, column: 'Zip Code', code: 'missing_column' }]],
    ['Zip Code,Location Name,zip_code\n1,2,3', [{ row: 1, column: 'Zip Code', code: 'duplicate_column' }]],
    ['', [{ row: 1, code: 'empty' }]],
    [' \n \n', [{ row: 1, code: 'empty' }]],
    ['Location Name,Zip Code\n,\n', [{ row: 1, code: 'empty' }]],
    ['Location Name,Zip Code\nA,1\nB,2\n"C,3\nD,4', [{ row: 4, code: 'quote_not_closed' }]],
    ['PK\u0003\u0004 workbook', [{ row: 1, code: 'not_csv' }]],
    ['L\u0000o\u0000c\u0000', [{ row: 1, code: 'not_csv' }]],
    [`Location Name,Zip Code\n${'A,02134\n'.repeat(6)}`, [{ row: 1, code: 'too_many_rows' }]],
    [`Location Name,Zip Code${',x'.repeat(300)}\nA,02134`, [{ row: 1, code: 'too_many_columns' }]],
  ])('%j has no rows but an error', (text, errors) => {
    expect(read(text)).toMatchObject({ rows: [], errors });
  });

  it('takes exactly the most rows it may have', () => {
    expect(read(`Location Name,Zip Code\n${'A,02134\n'.repeat(5)}`).rows.length).toBe(5);
  });

  it('with other headings is read by a mapping', () => {
    const mapping = { store: 'Location Name', 'the zip': 'Zip Code' };
    const sheet = readCsvSheet('store , the zip\nA,02134', { ...options, mapping });
    expect(sheet).toMatchObject({ rows: [{ row: 2, cells: { name: 'A', zipCode: '02134' } }], errors: [] });
  });
});

describe('rows of JSON', () => {
  it('are keyed by key or heading, and the first is row 2', () => {
    const sheet = readJsonSheet(
      [{ name: 'A', zipCode: 2134 }, {}, { 'Location Name': 'B', ZIP_CODE: '73102', x: 1 }],
      options,
    );
    expect(sheet).toEqual({
      columns: ['name', 'zipCode'],
      rows: [
        { row: 2, cells: { name: 'A', zipCode: 2134 } },
        { row: 4, cells: { name: 'B', zipCode: '73102' } },
      ],
      unknownColumns: ['x'],
      errors: [],
      warnings: [],
    });
  });

  it('without a required column, too many, or none are an error', () => {
    expect(readJsonSheet([{ name: 'A' }], options)).toMatchObject({ rows: [], errors: [{ code: 'missing_column' }] });
    expect(readJsonSheet([], options)).toMatchObject({ errors: [{ code: 'empty' }] });
    const rows = Array.from({ length: 6 }, () => ({ name: 'A', zipCode: '02134' }));
    expect(readJsonSheet(rows, options)).toMatchObject({ rows: [], errors: [{ code: 'too_many_rows' }] });
  });

  it('cannot reach into an object\u2019s prototype', () => {
    const row: unknown = JSON.parse('{"__proto__": {"name": "x"}, "constructor": 1, "name": "A", "zipCode": "1"}');
    const sheet = readJsonSheet([row as Record<string, unknown>], options);
    expect(sheet.rows).toEqual([{ row: 2, cells: { name: 'A', zipCode: '1' } }]);
  });
});
