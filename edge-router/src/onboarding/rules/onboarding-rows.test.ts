import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { columnMappingFor } from '../../locations/rules/location-columns.ts';
import { readFranchiseLocations } from '../../locations/testing/franchise-locations.ts';
import { getPostalCodes } from '../../locations/testing/postal-codes.ts';
import { onboardingRowSchema } from './onboarding-row.ts';
import {
  parseOnboardingCsv,
  parseOnboardingRows,
  type OnboardingRowsContext,
  type OnboardingRowsResult,
} from './onboarding-rows.ts';

const context: OnboardingRowsContext = { postalCodes: getPostalCodes(), today: '2026-11-23' };

const goodRow = {
  name: 'Brightside Boston',
  address: '12 Beacon St',
  city: 'Boston',
  state: 'MA',
  postalCode: '02108',
  phone: '(617) 555-0123',
  email: 'boston@example.com',
  franchiseCode: 'BOS-1',
};

function parse(rows: readonly Record<string, unknown>[], given: Partial<OnboardingRowsContext> = {}) {
  return parseOnboardingRows(rows, { ...context, ...given });
}

function codes(result: OnboardingRowsResult, of: 'errors' | 'warnings') {
  return result.rows.flatMap((row) => row[of]).map(({ row, column, code }) => [row, column, code]);
}

it('a letter that was lost before the file came here is told, not taken for a name', () => {
  const lost = new TextDecoder().decode(new Uint8Array([0x43, 0x61, 0x66, 0xe9]));
  expect(codes(parse([{ ...goodRow, name: lost }]), 'errors')).toEqual([[2, 'Location Name', 'lost_letter']]);
});

describe('a good row', () => {
  it('is whole, and what its schema says', () => {
    const { rows, errors, warnings } = parse([goodRow]);
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(rows).toMatchObject([
      {
        row: 2,
        cells: goodRow,
        errors: [],
        warnings: [],
        input: {
          rowKey: 'bos-1',
          franchiseCode: 'BOS-1',
          state: 'MA',
          geoRegion: 'northeast',
          phone: '+16175550123',
          geoConfidence: 'zip',
          timezone: 'America/New_York',
          timezoneSource: 'place',
          ghlLocationId: null,
        },
      },
    ]);
    expect(onboardingRowSchema.parse(rows[0]?.input)).toEqual(rows[0]?.input);
  });

  it('without a franchise code is known by name, address and ZIP, however they are written', () => {
    const { franchiseCode: _code, ...row } = goodRow;
    const key = (given: object) => parse([{ ...row, ...given }]).rows[0]?.input?.rowKey;
    expect(key({})).toMatch(/^row-[0-9a-f]{20}$/);
    expect(key({ name: 'brightside  BOSTON', address: '12 Beacon St.', postalCode: '2108' })).toBe(key({}));
    expect(key({ address: '13 Beacon St' })).not.toBe(key({}));
    expect(parse([row]).rows[0]?.input?.franchiseCode).toBe(key({}));
    expect(parse([row]).warnings).toMatchObject([{ row: 1, column: 'Franchise Code', code: 'no_franchise_code' }]);
    expect(codes(parse([row, row]), 'errors')).toEqual([[3, 'Location Name', 'duplicate']]);
  });
});

describe('what is missing', () => {
  it('is said of each row, or once of a file without the column', () => {
    const { email: _email, phone: _phone, ...bare } = goodRow;
    expect(codes(parse([{ ...goodRow, email: '', phone: ' ' }]), 'warnings')).toEqual([
      [2, 'Email', 'no_email'],
      [2, 'Phone', 'no_phone'],
    ]);
    const { rows, warnings } = parse([bare]);
    expect(rows[0]?.warnings).toEqual([]);
    expect(warnings.map(({ row, column, code }) => [row, column, code])).toEqual([
      [1, 'Phone', 'no_phone'],
      [1, 'Email', 'no_email'],
    ]);
  });

  it('is filled by an e-mail rule, never without a word', () => {
    const emailRule = '{franchiseCode}@brand.example';
    const { email: _email, ...bare } = goodRow;
    for (const row of [bare, { ...goodRow, email: '' }]) {
      const result = parse([row], { emailRule });
      expect(result.rows[0]?.input?.email).toBe('bos-1@brand.example');
      expect(codes(result, 'warnings')).toEqual([[2, 'Email', 'email_filled']]);
    }
    expect(parse([goodRow], { emailRule }).rows[0]).toMatchObject({ input: { email: goodRow.email }, warnings: [] });
  });
});

describe('bad input', () => {
  it('is reported cell by cell, and the other rows are read', () => {
    const result = parse([
      goodRow,
      { ...goodRow, franchiseCode: 'bos-1' },
      { ...goodRow, franchiseCode: 'B-2', state: 'TX' },
      { ...goodRow, franchiseCode: 'B-3', timezone: 'America/Chicago' },
      { ...goodRow, franchiseCode: 'B-4', name: '=HYPERLINK("http://x.example")', email: 'x' },
      { ...goodRow, franchiseCode: 'B-5', region: 'x'.repeat(5_000_000) },
    ]);
    expect(codes(result, 'errors')).toEqual([
      [3, 'Franchise Code', 'duplicate'],
      [4, 'Zip Code', 'postal_code_not_in_state'],
      [5, 'Timezone', 'timezone_not_in_state'],
      [6, 'Location Name', 'formula'],
      [6, 'Email', 'unusable_email'],
      [7, 'Region', 'too_long'],
    ]);
    expect(result.rows.map(({ input }) => input !== null)).toEqual([true, false, false, false, false, false]);
  });

  it('that a spreadsheet did is repaired with a warning', () => {
    const result = parse([{ ...goodRow, postalCode: '2108' }]);
    expect(result.rows[0]?.input?.postalCode).toBe('02108');
    expect(codes(result, 'warnings')).toEqual([[2, 'Zip Code', 'postal_code_repaired']]);
  });

  it('of twins by name or address is a warning of the later', () => {
    const result = parse([goodRow, { ...goodRow, franchiseCode: 'B-2' }]);
    expect(codes(result, 'warnings')).toEqual([
      [3, 'Location Name', 'same_name'],
      [3, 'Address', 'same_address'],
    ]);
  });

  it('of a whole file leaves no rows', () => {
    expect(parse([])).toMatchObject({ rows: [], errors: [{ row: 1, code: 'empty' }], warnings: [] });
    const tooMany = `Location Name,Address,City,State,Zip Code\n${'A,1 Main St,Boston,MA,02108\n'.repeat(100_001)}`;
    expect(parseOnboardingCsv(tooMany, context)).toMatchObject({
      rows: [],
      errors: [{ row: 1, code: 'too_many_rows' }],
    });
  });
});

it('our own file of errors may be sent again as it is', () => {
  const result = parse([{ ...goodRow, errors: 'Phone: missing' }]);
  expect({ unknown: result.unknownColumns, errors: codes(result, 'errors') }).toEqual({ unknown: [], errors: [] });
});

it('the examples are good', () => {
  const csv = readFileSync(new URL('../../../../examples/locations-100.csv', import.meta.url), 'utf8');
  const result = parseOnboardingCsv(csv, context);
  expect(result.rows.filter(({ input }) => input !== null).length).toBe(100);
  expect(codes(result, 'warnings').filter(([, , code]) => code !== 'timezone_guessed')).toEqual([]);
});

const franchiseLocations = readFranchiseLocations();

describe.skipIf(franchiseLocations === null)('3,388 real locations', () => {
  it('are read but for the wrong time zone; rows without a phone and repeated names are reported', () => {
    const csv = franchiseLocations ?? '';
    const { mapping } = columnMappingFor(csv.slice(0, csv.indexOf('\n')).trim().split(','));
    const emailRule = '{franchiseCode}@brand.example';
    const result = parseOnboardingCsv(csv, { ...context, mapping, emailRule });
    const counts = Map.groupBy(
      result.rows.flatMap(({ errors, warnings }) => [...errors, ...warnings]),
      ({ code }) => code,
    );
    expect(result.rows.length).toBe(3388);
    expect(Object.fromEntries([...counts].map(([code, found]) => [code, found.length]))).toEqual({
      no_phone: 15,
      same_name: 54,
      timezone_not_in_state: 1,
      coordinates_far_from_postal_code: 2,
      email_filled: 3386,
    });
  });
});
