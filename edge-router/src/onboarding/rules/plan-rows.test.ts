import { describe, expect, it } from 'vitest';
import { getPostalCodes } from '../../locations/testing/postal-codes.ts';
import { chooseMapping, readHeadings } from './choose-mapping.ts';
import type { StoredLocation } from './compare-location.ts';
import { decodeFile } from './decode-file.ts';
import { parseOnboardingCsv, parseOnboardingRows } from './onboarding-rows.ts';
import { planRows, type StoredPlace } from './plan-rows.ts';
import { summarisePlan } from './summarise-plan.ts';

const row = {
  name: 'Brightside Boston',
  address: '12 Beacon St',
  city: 'Boston',
  state: 'MA',
  postalCode: '02108',
  phone: '(617) 555-0123',
  email: 'boston@example.com',
  franchiseCode: 'BOS-1',
};

const stored: StoredLocation = {
  id: '0199aaaa-0000-7000-8000-000000000001',
  name: 'Brightside Boston',
  franchiseCode: 'Bos-1',
  ghlLocationId: 'sub1',
  active: true,
  address: '12 Beacon St',
  city: 'Boston',
  state: 'MA',
  postalCode: '02108',
  country: 'US',
  coordinates: { lat: 42.3576, lng: -71.0684 },
  geoConfidence: 'zip',
  phone: '+16175550123',
  email: 'boston@example.com',
  website: 'https://example.com',
  timezone: 'America/New_York',
  dailyCap: 20,
  region: 'East',
  openingDate: '2020-01-31',
  managerName: 'Ann',
  managerEmail: 'ann@example.com',
  services: ['sewer'],
  hours: [[[540, 1020]], [], [], [], [], [], []],
  holidays: ['2026-12-25'],
  conversionRate: 0.4,
};

function plan(
  rows: readonly Record<string, unknown>[],
  given: { locations?: StoredLocation[]; places?: StoredPlace[]; emailRule?: string } = {},
) {
  const { locations = [], places = [], emailRule = null } = given;
  const file = parseOnboardingRows(rows, { postalCodes: getPostalCodes(), today: '2026-11-23', emailRule });
  expect(file.errors).toEqual([]);
  return planRows(file, { locations, places });
}

function changedFields(cells: Record<string, unknown>, location: Partial<StoredLocation> = {}) {
  const [planned] = plan([{ ...row, ...cells }], { locations: [{ ...stored, ...location }] });
  return planned?.changes.map(({ field }) => field);
}

describe('a row', () => {
  it('of a location that does not exist is to be created, with a sub-account', () => {
    expect(plan([row])).toMatchObject([
      { row: 2, rowKey: 'bos-1', action: 'create', locationId: null, subAccount: 'create', changes: [], cells: null },
    ]);
    expect(plan([{ ...row, ghlLocationId: 'sub9' }])).toMatchObject([{ action: 'create', subAccount: 'adopt' }]);
  });

  it('of one that is on and equal is skipped, whatever the code\u2019s case, and columns left out count as equal', () => {
    const [planned] = plan([row], { locations: [stored] });
    expect(planned).toMatchObject({ action: 'skip', locationId: stored.id, subAccount: 'keep', changes: [] });
    expect(planned?.input).toMatchObject({
      franchiseCode: 'Bos-1',
      website: stored.website,
      dailyCap: 20,
      services: ['sewer'],
      ghlLocationId: null,
    });
  });

  it('that differs is to be updated, and says from what to what', () => {
    const [planned] = plan([{ ...row, name: 'Brightside Common', dailyCap: '' }], { locations: [stored] });
    expect(planned).toMatchObject({
      action: 'update',
      changes: [
        { field: 'name', from: 'Brightside Boston', to: 'Brightside Common' },
        { field: 'dailyCap', from: 20, to: null },
      ],
    });
  });

  it('of a location without a sub-account, or switched off, is to be updated although it is equal', () => {
    expect(changedFields({}, { ghlLocationId: null, active: false })).toEqual(['subAccount', 'active']);
    const [planned] = plan([row], { locations: [{ ...stored, ghlLocationId: null }] });
    expect(planned).toMatchObject({ action: 'update', subAccount: 'create' });
  });

  it('leaves hours, holidays and conversion rate alone where its cells are blank', () => {
    expect(changedFields({ hours: '', holidays: '', conversionRate: '' })).toEqual([]);
    expect(changedFields({ hours: 'Mon 9:00-18:00', holidays: '2026-12-25', conversionRate: '40%' })).toEqual([
      'hours',
    ]);
  });

  it('keeps a better point of the same address, and a time zone that was chosen', () => {
    const point = { coordinates: { lng: -71.06, lat: 42.36 }, geoConfidence: 'rooftop' };
    expect(changedFields({}, { ...point, timezone: 'America/Detroit' })).toEqual([]);
    expect(changedFields({ address: '14 Beacon St' }, point)).toEqual(['address', 'coordinates', 'geoConfidence']);
    expect(changedFields({ coordinates: { lng: -71.07, lat: 42.36 } }, point)).toEqual(['coordinates']);
    expect(changedFields({ timezone: 'America/New_York' }, { timezone: 'America/Detroit' })).toEqual(['timezone']);
  });

  it('keeps an e-mail that is stored rather than one of the rule', () => {
    const emailRule = '{franchiseCode}@brand.example';
    const [kept] = plan([{ ...row, email: '' }], { locations: [stored], emailRule });
    expect(kept).toMatchObject({ action: 'skip', input: { email: stored.email }, warnings: [] });
    const [filled] = plan([{ ...row, email: '' }], { locations: [{ ...stored, email: null }], emailRule });
    expect(filled).toMatchObject({ action: 'update', changes: [{ field: 'email', to: 'bos-1@brand.example' }] });
    expect(filled?.warnings.map(({ code }) => code)).toEqual(['email_filled']);
  });

  it('that is invalid keeps its cells, and its errors come along', () => {
    const [planned] = plan([{ ...row, state: 'XX', name: 'x'.repeat(40_000) }], { locations: [stored] });
    expect(planned).toMatchObject({ action: 'invalid', rowKey: 'bos-1', input: null, cells: { state: 'XX' } });
    expect(planned?.errors.map(({ code }) => code)).toEqual(['too_long', 'unknown_state']);
    expect(String(planned?.cells?.name).length).toBe(32_767);
  });
});

describe('a sub-account', () => {
  it('of another location is refused', () => {
    const other = {
      ...stored,
      id: '0199aaaa-0000-7000-8000-000000000002',
      franchiseCode: 'B-2',
      ghlLocationId: 'sub2',
    };
    expect(plan([{ ...row, ghlLocationId: 'sub2' }], { locations: [stored, other] })).toMatchObject([
      { action: 'invalid', errors: [{ row: 2, column: 'Sub-account Id', code: 'sub_account_taken' }] },
    ]);
  });

  it('stays the location\u2019s', () => {
    expect(plan([{ ...row, ghlLocationId: 'sub7' }], { locations: [stored] })).toMatchObject([
      { action: 'invalid', errors: [{ code: 'other_sub_account', suggestion: 'sub1' }] },
    ]);
    expect(plan([{ ...row, ghlLocationId: 'sub1' }], { locations: [stored] })).toMatchObject([{ action: 'skip' }]);
  });
});

it('a new row at the address of a location with another code is looked at, and planned', () => {
  const places = [{ franchiseCode: 'OLD-1', name: 'Old Boston', address: '12 beacon st.', postalCode: '02108' }];
  expect(plan([row], { places })).toMatchObject([
    { action: 'create', warnings: [{ column: 'Address', code: 'exists_at_address' }] },
  ]);
  expect(plan([row], { places, locations: [stored] })[0]?.warnings).toEqual([]);
});

it('10,000 rows are decoded, mapped, checked, compared and summarised in well under two seconds of a processor', () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => [
    `Brightside ${i}`,
    `${i} Beacon St`,
    'Boston',
    'MA',
    '02108',
    '(617) 555-0123',
    '',
    'America/New_York',
    `B-${i}`,
  ]);
  const csv = ['store_name,street,city,state,zip,telephone,email,tz,store_id', ...lines.map(String)].join('\r\n');
  const locations = lines.slice(0, 5000).map((_, i) => ({ ...stored, id: String(i), franchiseCode: `b-${i}` }));
  const before = process.cpuUsage();
  const { text } = decodeFile(new TextEncoder().encode(csv));
  const mapping = chooseMapping(readHeadings({ kind: 'csv', text }), null);
  const file = parseOnboardingCsv(text, {
    postalCodes: getPostalCodes(),
    today: '2026-11-23',
    mapping: mapping.columns,
    emailRule: '{franchiseCode}@brand.example',
  });
  const rows = planRows(file, { locations, places: locations });
  const summary = summarisePlan({
    rows,
    mapping: { ...mapping, name: null },
    columns: file.columns,
    unknownColumns: file.unknownColumns,
    fileWarnings: file.warnings,
  });
  JSON.stringify(rows);
  const { user, system } = process.cpuUsage(before);
  expect(summary.counts).toEqual({ total: 10_000, create: 5000, update: 5000, skip: 0, invalid: 0 });
  expect((user + system) / 1000).toBeLessThan(2000);
  console.log(`a plan of 10,000 rows took ${Math.round((user + system) / 1000)} ms of a processor`);
});
