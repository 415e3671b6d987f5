import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCsvSheet } from '../../locations/rules/csv-sheet.ts';
import { locationColumns } from '../../locations/rules/location-columns.ts';
import { createRowReader } from '../../locations/rules/row-reader.ts';
import { ok } from '../../rules/result.ts';
import { writeErrorsCsv } from './errors-csv.ts';

const columns = locationColumns.map((column) => ({ ...column, isRequired: false }));
const columnsByKey = new Map(columns.map((column) => [column.key, column]));

it('has the columns that the file had, in the standard order, and the errors last', () => {
  const csv = writeErrorsCsv(
    [
      {
        cells: { city: 'Boston, MA', name: 'A "B"', specialties: ['sewer', 'drain'], dailyCap: 5 },
        errors: [
          { column: 'State', message: 'State is missing.' },
          { column: 'Zip Code', message: 'No.', suggestion: '02134' },
        ],
      },
    ],
    ['specialties', 'city', 'name', 'dailyCap'],
  );
  expect(csv).toBe(
    '\uFEFFLocation Name,City,Capacity Limit,Specialties,errors\r\n' +
      '"A ""B""","Boston, MA",5,"sewer; drain",State: State is missing. | Zip Code: No. Did you mean 02134?\r\n',
  );
});

it('holds no formula, whatever the cells are', () => {
  const starts = fc.constantFrom('=', '+', '-', '@', '\t=', '\r', ' =', '＝', "'=");
  const cell = fc.oneof(
    fc.string(),
    fc.tuple(starts, fc.string()).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(cell, cell, (name, message) => {
      const csv = writeErrorsCsv([{ cells: { name }, errors: [{ column: '', message }] }], ['name']);
      const body = csv.slice(csv.indexOf('\r\n') + 2);
      for (const [, quoted, plain] of body.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)) {
        const text = quoted ?? plain ?? '';
        expect(/^\s*[=+\-@＝]/.test(text) && !/^[+-]?\d+(?:\.\d+)?$/.test(text)).toBe(false);
      }
    }),
  );
});

it('is read again as the same cells', () => {
  const value = fc
    .oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('+16175550123', '-71.06', '@home', '+1 617 555 0123', "'x"))
    // What reading a CSV or a formula's own rule would change in any file.
    .filter((text) => text.trim() === text && text !== '' && !/[\p{C}]|^'?\s*=|^'\s*[+\-@＋－＠＝]/u.test(text));
  fc.assert(
    fc.property(value, fc.array(value, { minLength: 1, maxLength: 3 }), (name, others) => {
      const rows = [{ cells: { name, city: others[0] ?? '', address: others[1] ?? '' }, errors: [] }];
      const sheet = readCsvSheet(writeErrorsCsv(rows, ['name', 'city', 'address']), { columns, maxRows: 10 });
      const [row] = sheet.rows;
      expect(row).toBeDefined();
      if (!row) return;
      const reader = createRowReader(row, columnsByKey);
      expect(reader.readValue('name', (cell) => ok(cell))).toBe(name);
      expect(reader.readValue('city', (cell) => ok(cell))).toBe(others[0]);
    }),
  );
});
