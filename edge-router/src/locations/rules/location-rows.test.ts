import { describe, expect, it } from 'vitest';

import { readFranchiseLocations } from '../testing/franchise-locations.ts';
import { getPostalCodes } from '../testing/postal-codes.ts';
import { columnMappingFor } from './location-columns.ts';
import { MAX_LOCATION_ROWS, parseLocationCsv, parseLocationRows } from './location-rows.ts';

const context = { postalCodes: getPostalCodes(), today: '2026-11-23' };

const goodRow = {
  name: 'Brightside Boston',
  address: '12 Beacon St',
  city: 'Boston',
  state: 'MA',
  postalCode: '02108',
  franchiseCode: 'BOS-1',
};

function parse(...rows: Record<string, unknown>[]) {
  return parseLocationRows(rows, context);
}

/** What is wrong with the good row once these cells are changed. */
function faultsOf(cells: Record<string, unknown>) {
  const { errors, locations } = parse({ ...goodRow, ...cells });
  expect(locations.length).toBe(errors.length === 0 ? 1 : 0);
  return errors;
}

describe('a good row', () => {
  it('becomes a location, placed by its ZIP and with the time zone of that place', () => {
    const { locations, rows, errors, warnings } = parse(goodRow);
    expect({ errors, warnings, rows }).toEqual({ errors: [], warnings: [], rows: [2] });
    expect(locations).toEqual([
      {
        name: 'Brightside Boston',
        franchiseCode: 'BOS-1',
        address: '12 Beacon St',
        city: 'Boston',
        state: 'MA',
        postalCode: '02108',
        country: 'US',
        coordinates: { lng: -71.0684, lat: 42.3576 },
        geoConfidence: 'zip',
        phone: null,
        email: null,
        website: null,
        timezone: 'America/New_York',
        dailyCap: null,
        region: null,
        geoRegion: 'northeast',
        openingDate: null,
        managerName: null,
        managerEmail: null,
        services: [],
        ghlLocationId: null,
        active: null,
        hours: null,
        holidays: null,
        conversionRate: null,
      },
    ]);
  });

  it('is cleaned in every cell', () => {
    const { locations, errors } = parse({
      ...goodRow,
      state: 'massachusetts',
      postalCode: '02108-1234',
      phone: '(617) 555-0123',
      email: ' Boston@Example.com ',
      website: 'example.com/boston',
      timezone: 'america/new_york',
      dailyCap: '1,000.0',
      region: ' New  England ',
      openingDate: '3/31/2026',
      managerName: 'Ann Lee',
      managerEmail: 'ANN@example.com',
      specialties: 'Drain Cleaning; water_heater;;Drain cleaning',
      coordinates: { lng: -71.06, lat: 42.36 },
      ghlLocationId: 've9EPM428h8vShlRW1KT',
      active: 'No',
    });
    expect(errors).toEqual([]);
    expect(locations[0]).toMatchObject({
      state: 'MA',
      postalCode: '02108',
      phone: '+16175550123',
      email: 'boston@example.com',
      website: 'https://example.com/boston',
      timezone: 'America/New_York',
      dailyCap: 1000,
      region: 'New England',
      openingDate: '2026-03-31',
      managerEmail: 'ann@example.com',
      services: ['drain-cleaning', 'water-heater'],
      coordinates: { lng: -71.06, lat: 42.36 },
      geoConfidence: 'rooftop',
      ghlLocationId: 've9EPM428h8vShlRW1KT',
      active: false,
    });
  });

  it('may hold numbers and yes/no as a sheet\u2019s API gives them', () => {
    const { locations, errors } = parse({
      ...goodRow,
      postalCode: 2108,
      franchiseCode: 1001,
      dailyCap: 25,
      active: null,
    });
    expect(errors).toEqual([]);
    expect(locations[0]).toMatchObject({ postalCode: '02108', franchiseCode: '1001', dailyCap: 25, active: null });
  });

  it('may be in Canada', () => {
    const place = { city: 'Toronto', state: 'Ontario', postalCode: 'm5v3l9', phone: '416-555-0142' };
    expect(parse({ ...goodRow, ...place }).locations[0]).toMatchObject({
      state: 'ON',
      country: 'CA',
      geoRegion: 'canada',
      postalCode: 'M5V 3L9',
      phone: '+14165550142',
      timezone: 'America/Toronto',
      geoConfidence: 'zip',
    });
  });
});

describe('a row whose ZIP is not in the table', () => {
  it('is placed by its city, with a warning', () => {
    const { locations, warnings } = parse({ ...goodRow, city: 'McKinney', state: 'TX', postalCode: '75072' });
    expect(locations[0]).toMatchObject({ geoConfidence: 'city', timezone: 'America/Chicago' });
    expect(warnings).toMatchObject([{ row: 2, column: 'Zip Code', value: '75072', code: 'unknown_postal_code' }]);
  });

  it('is placed by its state, the time zone is the main one, and both are said', () => {
    const { locations, warnings } = parse({ ...goodRow, city: 'Nowhere', state: 'TN', postalCode: '37000' });
    expect(locations[0]).toMatchObject({ geoConfidence: 'state', timezone: 'America/Chicago' });
    expect(warnings.map(({ code }) => code)).toEqual(['unknown_postal_code', 'timezone_guessed']);
  });
});

describe('a bad cell', () => {
  it.each([
    [{ name: '' }, 'Location Name', 'missing', undefined],
    [{ name: 'x'.repeat(201) }, 'Location Name', 'too_long', undefined],
    [{ franchiseCode: '  ' }, 'Franchise Code', 'missing', undefined],
    [{ address: null }, 'Address', 'missing', undefined],
    [{ city: { a: 1 } }, 'City', 'not_text', undefined],
    [{ state: 'Massachusets' }, 'State', 'unknown_state', 'MA'],
    [{ state: 'NH' }, 'Zip Code', 'postal_code_not_in_state', undefined],
    [{ state: 'ON' }, 'Zip Code', 'postal_code_not_in_state', undefined],
    [{ postalCode: '0210' }, 'Zip Code', 'malformed_postal_code', undefined],
    [{ postalCode: '021089' }, 'Zip Code', 'malformed_postal_code', undefined],
    [{ postalCode: 'K1A 0B1' }, 'Zip Code', 'postal_code_not_in_state', undefined],
    [{ phone: '555-0123' }, 'Phone', 'unusable_phone', undefined],
    [{ email: 'boston@' }, 'Email', 'unusable_email', undefined],
    [{ website: 'not a site' }, 'Website', 'unusable_website', undefined],
    [{ website: 'javascript:alert(1)' }, 'Website', 'unusable_website', undefined],
    [{ website: 'https://user:pw@example.com' }, 'Website', 'unusable_website', undefined],
    [{ timezone: 'Eastern' }, 'Timezone', 'unknown_timezone', 'America/New_York'],
    [{ timezone: 'America/Chicago' }, 'Timezone', 'timezone_not_in_state', 'America/New_York'],
    [{ dailyCap: '-1' }, 'Capacity Limit', 'bad_capacity', undefined],
    [{ dailyCap: '2.5' }, 'Capacity Limit', 'bad_capacity', undefined],
    [{ dailyCap: '100001' }, 'Capacity Limit', 'bad_capacity', undefined],
    [{ dailyCap: 'many' }, 'Capacity Limit', 'bad_capacity', undefined],
    [{ openingDate: '2026-02-30' }, 'Opening Date', 'bad_date', undefined],
    [{ openingDate: '31/03/2026' }, 'Opening Date', 'bad_date', undefined],
    [{ openingDate: '2036-11-24' }, 'Opening Date', 'bad_date', undefined],
    [{ openingDate: 46112 }, 'Opening Date', 'bad_date', '2026-03-31'],
    [{ managerEmail: 'ann' }, 'Manager Email', 'unusable_email', undefined],
    [{ specialties: [1] }, 'Specialties', 'bad_services', undefined],
    [{ specialties: 'x'.repeat(81) }, 'Specialties', 'bad_services', undefined],
    [{ active: 'perhaps' }, 'Active', 'not_yes_or_no', undefined],
    [{ coordinates: '42,-71' }, 'Coordinates', 'bad_coordinates', undefined],
    [{ coordinates: { lng: 42.36, lat: -71.06 } }, 'Coordinates', 'lat_lng_swapped', undefined],
    [{ coordinates: { lng: -71.06, lat: 300 } }, 'Coordinates', 'bad_coordinates', undefined],
    [{ coordinates: { lng: 0, lat: 0 } }, 'Coordinates', 'coordinates_far_from_postal_code', undefined],
    [{ latitude: '42.36' }, 'Longitude', 'missing', undefined],
  ])('%j is reported on %s as %s', (cells, column, code, suggestion) => {
    const errors = faultsOf(cells);
    expect(errors.map((error) => [error.row, error.column, error.code, error.suggestion])).toEqual([
      [2, column, code, suggestion],
    ]);
    expect(errors[0]?.message).toMatch(/\w.*\.$/);
  });

  it('is shown cut short, whatever its length', () => {
    expect(faultsOf({ email: 'x'.repeat(5000) })[0]?.value.length).toBe(100);
  });

  it('does not hide another: all of them are reported at once, in order of rows', () => {
    const { errors, locations } = parse(
      { ...goodRow, email: 'a', phone: 'b', dailyCap: 'c' },
      { ...goodRow, franchiseCode: 'BOS-2' },
      { ...goodRow, franchiseCode: '', timezone: 'd' },
    );
    expect(errors.map(({ row, column }) => [row, column])).toEqual([
      [2, 'Phone'],
      [2, 'Email'],
      [2, 'Capacity Limit'],
      [4, 'Franchise Code'],
      [4, 'Timezone'],
    ]);
    expect(locations.map(({ franchiseCode }) => franchiseCode)).toEqual(['BOS-2']);
  });
});

describe('capacity', () => {
  it.each([
    ['', null],
    ['0', 0],
    [100_000, 100_000],
    ['25.0', 25],
  ])('%j is %j', (dailyCap, expected) => {
    expect(parse({ ...goodRow, dailyCap }).locations[0]?.dailyCap).toBe(expected);
  });
});

it('a franchise code or a sub-account that is in the file twice is an error of the later row', () => {
  const { errors, locations } = parse(
    { ...goodRow, ghlLocationId: 'sub1' },
    { ...goodRow, franchiseCode: 'bos-1' },
    { ...goodRow, franchiseCode: 'BOS-2', ghlLocationId: 'sub1' },
  );
  expect(locations.length).toBe(1);
  expect(errors).toMatchObject([
    { row: 3, column: 'Franchise Code', code: 'duplicate', message: 'This franchise code is also on row 2.' },
    { row: 4, column: 'Sub-account Id', code: 'duplicate' },
  ]);
});

it('a ZIP from just over the state border is accepted, as the post delivers it', () => {
  const place = { city: 'Clarksville', state: 'TN', postalCode: '42223' };
  expect(parse({ ...goodRow, ...place }).errors).toEqual([]);
});

it('a ZIP that lost its leading zero is repaired, and the warning says so', () => {
  const { locations, warnings } = parse({ ...goodRow, postalCode: '2108' });
  expect(locations[0]?.postalCode).toBe('02108');
  expect(warnings).toMatchObject([
    { row: 2, column: 'Zip Code', value: '2108', code: 'postal_code_repaired', suggestion: '02108' },
  ]);
});

it('a formula is no value, and our own apostrophe before one is taken off', () => {
  const { errors, locations } = parse(
    { ...goodRow, name: '=HYPERLINK("http://example.com","Boston")', region: ' =1+1', specialties: '=A1' },
    { ...goodRow, franchiseCode: 'BOS-2', name: "'@Home Boston", region: "'-1" },
    { ...goodRow, franchiseCode: 'BOS-3', name: "'=A1" },
  );
  expect(errors.map(({ row, column, code }) => [row, column, code])).toEqual([
    [2, 'Location Name', 'formula'],
    [2, 'Region', 'formula'],
    [2, 'Specialties', 'formula'],
    [4, 'Location Name', 'formula'],
  ]);
  expect(locations).toMatchObject([{ name: '@Home Boston', region: '-1' }]);
});

it('a cell of megabytes is an error of that cell, and costs no time', () => {
  const huge = 'e\u0301'.repeat(4_000_000);
  const { errors } = parse({ ...goodRow, name: huge, specialties: huge, state: huge });
  expect(errors.map(({ column, code }) => [column, code])).toEqual([
    ['Location Name', 'too_long'],
    ['State', 'too_long'],
    ['Specialties', 'too_long'],
  ]);
  for (const { value } of errors) expect(value.length).toBeLessThanOrEqual(100);
});

it('a phone number inside other words is suggested, never taken', () => {
  const { errors } = parse({ ...goodRow, phone: 'ask for Ann, 617-555-0123' });
  expect(errors).toMatchObject([{ column: 'Phone', code: 'unusable_phone', suggestion: '+16175550123' }]);
});

it('a CSV in the standard columns is read, its extra columns too', () => {
  const csv = [
    'Location Name,Address,City,State,Zip Code,Phone,Email,Website,Timezone,Capacity Limit,Region,Franchise Code,' +
      'Opening Date,Manager Name,Manager Email,Specialties,Latitude,Longitude,Sub-account Id,Active,Notes',
    'El Paso,"1 Main St,\nUnit 2",El Paso,TX,79901,,,,,40,West,ELP-1,2026-01-05,,,"drain-cleaning,sewer",31.76,-106.49,,yes,x',
  ].join('\r\n');
  const { locations, errors, unknownColumns } = parseLocationCsv(csv, context);
  expect(errors).toEqual([]);
  expect(unknownColumns).toEqual(['Notes']);
  expect(locations[0]).toMatchObject({
    address: '1 Main St, Unit 2',
    timezone: 'America/Denver',
    services: ['drain-cleaning', 'sewer'],
    geoConfidence: 'rooftop',
  });
});

it('latitude and longitude that changed places are told apart from a wrong place', () => {
  const csv = (lat: string, lng: string) =>
    `Location Name,Address,City,State,Zip Code,Franchise Code,Latitude,Longitude\nA,1 Main St,Boston,MA,02108,A,${lat},${lng}`;
  expect(parseLocationCsv(csv('42.36', '-71.06'), context).errors).toEqual([]);
  expect(parseLocationCsv(csv('-71.06', '42.36'), context).errors).toMatchObject([
    { column: 'Latitude', value: '-71.06', code: 'lat_lng_swapped' },
  ]);
  expect(parseLocationCsv(csv('-118.24', '34.05'), context).errors).toMatchObject([{ code: 'bad_coordinates' }]);
  expect(parseLocationCsv(csv('34.05', '-118.24'), context).errors).toMatchObject([
    { code: 'coordinates_far_from_postal_code' },
  ]);
});

it('10,000 rows are checked in well under two seconds, and one more is too many', () => {
  const rows = Array.from({ length: MAX_LOCATION_ROWS }, (_, i) => ({
    ...goodRow,
    franchiseCode: `B-${i}`,
    phone: `(617) 555-01${String(i % 100).padStart(2, '0')}`,
    email: `office-${i}@example.com`,
    managerEmail: `manager-${i}@example.com`,
    website: `example.com/${i}`,
    timezone: 'America/New_York',
    openingDate: '2026-03-31',
    specialties: 'drain-cleaning;sewer;emergency',
  }));
  const before = process.cpuUsage();
  const { locations, errors } = parse(...rows);
  const { user, system } = process.cpuUsage(before);
  expect({ locations: locations.length, errors }).toEqual({ locations: MAX_LOCATION_ROWS, errors: [] });
  expect((user + system) / 1000).toBeLessThan(2000);
  expect(parse(...rows, goodRow).errors).toMatchObject([{ row: 1, code: 'too_many_rows' }]);
});

describe('a file with other headings', () => {
  it('gets a mapping by name', () => {
    expect(
      columnMappingFor(['store_id', 'store_name', 'street', 'City', 'province', 'ZIP', 'lat', 'long', 'brand']),
    ).toEqual({
      mapping: {
        store_id: 'Franchise Code',
        store_name: 'Location Name',
        street: 'Address',
        City: 'City',
        province: 'State',
        ZIP: 'Zip Code',
        lat: 'Latitude',
        long: 'Longitude',
      },
      unmapped: ['brand'],
      missing: [],
    });
  });

  it('gives each column to one heading only, and says what is missing', () => {
    const suggested = columnMappingFor(['State Name', 'state', 'Location', 'Location Name', 'constructor']);
    expect(suggested.mapping).toEqual({ state: 'State', 'Location Name': 'Location Name' });
    expect(suggested.unmapped).toEqual(['State Name', 'Location', 'constructor']);
    expect(suggested.missing).toEqual(['Address', 'City', 'Zip Code', 'Franchise Code']);
  });

  it('of 3,388 real locations is imported but for the two that are wrong', () => {
    const csv = readFranchiseLocations();
    if (csv === null) return;
    const { mapping, missing } = columnMappingFor(csv.slice(0, csv.indexOf('\n')).trim().split(','));
    const { locations, errors, warnings } = parseLocationCsv(csv, { ...context, mapping });
    expect({ missing, warnings, locations: locations.length }).toEqual({ missing: [], warnings: [], locations: 3386 });
    expect(locations.filter(({ phone }) => phone === null).length).toBe(15);
    expect(errors.map(({ row, column, code }) => [row, column, code])).toEqual([
      [982, 'Latitude', 'coordinates_far_from_postal_code'],
      [3389, 'Latitude', 'coordinates_far_from_postal_code'],
      [3389, 'Timezone', 'timezone_not_in_state'],
    ]);
  });
});
