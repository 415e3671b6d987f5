import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normaliseLead, personKeyInputs, type RawLead } from './normalise.ts';

function normalise(fields: Partial<RawLead>) {
  return normaliseLead({ source: 'website', ...fields });
}

describe('an e-mail', () => {
  it.each([
    [' Ann@Example.COM ', 'ann@example.com'],
    ['mailto:ann@example.com', 'ann@example.com'],
    ['Ann Lee <ann.lee+quote@mail.example.co>', 'ann.lee+quote@mail.example.co'],
    ["o'hara@example.com", "o'hara@example.com"],
  ])('%j is %s', (raw, email) => {
    expect(normalise({ email: raw })).toMatchObject({ clean: { email }, notes: [] });
  });

  it.each([
    'ann',
    'ann@',
    '@example.com',
    'ann@example',
    'a..b@example.com',
    'ann@-example.com',
    'a b@example.com',
    'a@b@c.de',
  ])('%j is unusable, and the lead is kept', (email) => {
    expect(normalise({ email })).toMatchObject({ clean: { email: null }, notes: ['email: unusable'] });
  });
});

describe('a phone', () => {
  it.each([
    '(617) 555-0123',
    '617-555-0123',
    '617.555.0123',
    '617 555 0123',
    '6175550123',
    '16175550123',
    '+1 617 555 0123',
    '001 617 555 0123',
    '00 1-617-555-0123',
    '1-617-555-0123',
    '+1 (617) 555-0123',
    'tel:+1-617-555-0123',
    'Phone: (617)5550123',
    '617\u2011555\u20110123',
  ])('%j is +16175550123', (phone) => {
    expect(normalise({ phone })).toMatchObject({ clean: { phone: '+16175550123' }, notes: [] });
  });

  it.each(['617-555-0123 x12', '617-555-0123 ext. 12', '(617) 555-0123 #4'])('%j loses its extension', (phone) => {
    const notes = ['phone: extension_dropped'];
    expect(normalise({ phone })).toMatchObject({ clean: { phone: '+16175550123' }, notes });
  });

  it('without a country code is of the lead\u2019s country', () => {
    expect(normalise({ phone: '020 7946 0018', country: 'GB' }).clean.phone).toBe('+442079460018');
    expect(normalise({ phone: '416 555 0142', state: 'Ontario' }).clean.phone).toBe('+14165550142');
  });

  it.each(['123-456-7890', '555-0123', 'call me', '000-000-0000', '9'.repeat(100)])('%j is unusable', (phone) => {
    expect(normalise({ phone })).toMatchObject({ clean: { phone: null }, notes: ['phone: unusable'] });
  });
});

describe('a place', () => {
  it('is cleaned to the forms that tables are keyed by', () => {
    const { clean, notes } = normalise({ city: '  Boston ', state: 'Mass.', postalCode: '02134-1234' });
    expect(clean).toMatchObject({ city: 'Boston', state: 'MA', country: 'US', postalCode: { lookup: '02134' } });
    expect(notes).toEqual([]);
  });

  it('in Canada is known by its postal code', () => {
    const { clean } = normalise({ postalCode: 'k1a0b1' });
    expect(clean).toMatchObject({ country: 'CA', postalCode: { lookup: 'K1A', display: 'K1A 0B1' } });
  });

  it.each([
    ['2134', 'postalCode: lost_zero'],
    ['ABCDE', 'postalCode: malformed'],
  ])('with the postal code %j has none, and a note', (postalCode, note) => {
    expect(normalise({ postalCode })).toMatchObject({ clean: { postalCode: null }, notes: [note] });
  });

  it('with an unknown state has none, and a note', () => {
    expect(normalise({ state: 'Bavaria' })).toMatchObject({ clean: { state: null }, notes: ['state: unknown'] });
  });

  it.each([
    ['United States', undefined, 'US', []],
    ['USA', undefined, 'US', []],
    ['canada', undefined, 'CA', []],
    ['de', undefined, 'DE', []],
    ['Narnia', 'MA', 'US', ['country: unknown']],
    ['CA', 'California', 'US', ['country: contradicts_state']],
    ['CA', 'ON', 'CA', []],
  ])('in the country %j and the state %j is in %s', (country, state, expected, notes) => {
    expect(normalise({ country, state })).toMatchObject({ clean: { country: expected }, notes });
  });
});

describe('coordinates', () => {
  it('are kept as given', () => {
    const coordinates = { lng: -71.13, lat: 42.35 };
    expect(normalise({ coordinates })).toMatchObject({ clean: { coordinates }, notes: [] });
  });

  it.each([
    [{ lng: 42.35, lat: -120.5 }, 'lat_lng_swapped'],
    [{ lng: 42.35, lat: 120 }, 'lat_lng_swapped'],
    [{ lng: 39.95, lat: -75.16 }, 'lat_lng_swapped'],
    [{ lng: -200, lat: 40 }, 'out_of_range'],
    [{ lng: -200, lat: 120 }, 'out_of_range'],
    [{ lng: Number.NaN, lat: 40 }, 'out_of_range'],
    [{ lng: 0, lat: 0 }, 'zero'],
  ])('%j are not used: %s', (coordinates, code) => {
    const notes = [`coordinates: ${code}`];
    expect(normalise({ coordinates })).toMatchObject({ clean: { coordinates: null }, notes });
  });
});

describe('texts', () => {
  it('are single lines without odd spaces, and empty ones are absent', () => {
    const { clean } = normalise({
      firstName: '  Ann\u0000\n Marie ',
      lastName: ' \u200B ',
      address: '1\u00A0Main  St',
    });
    expect(clean).toMatchObject({ firstName: 'Ann Marie', lastName: null, address: '1 Main St' });
  });

  it('of a service are one token', () => {
    expect(normalise({ service: ' Drain  Cleaning ' }).clean.service).toBe('drain-cleaning');
    expect(normalise({ service: 'HVAC & Air_quality' }).clean.service).toBe('hvac-air-quality');
    expect(normalise({ service: '???' })).toMatchObject({ clean: { service: null }, notes: ['service: unusable'] });
  });
});

describe('what a person is recognised by', () => {
  it('is the same for the same person, however the lead was written', () => {
    const first = normalise({ email: 'ANN@example.com', phone: '(617) 555-0123' });
    const second = normalise({ email: ' ann@example.com', phone: '+1 617 555 0123 x9' });
    expect(personKeyInputs(first.clean)).toEqual(['email:ann@example.com', 'phone:+16175550123']);
    expect(personKeyInputs(second.clean)).toEqual(personKeyInputs(first.clean));
  });

  it('is nothing when neither can be used', () => {
    expect(personKeyInputs(normalise({ email: 'x', phone: 'y' }).clean)).toEqual([]);
  });
});

it('cleaning is total, cleaning twice changes nothing, and notes never hold a value', () => {
  const text = fc.option(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })), { nil: undefined });
  const raw = fc.record({
    email: text,
    phone: text,
    state: text,
    postalCode: text,
    country: text,
    service: text,
    city: text,
  });
  fc.assert(
    fc.property(raw, (fields) => {
      const { clean, notes } = normalise(fields);
      for (const note of notes) expect(note).toMatch(/^[a-zA-Z]+: [a-z_]+$/);
      const { email, phone, state, city, service, country } = clean;
      const again = normalise({
        email: email ?? undefined,
        phone: phone ?? undefined,
        state: state ?? undefined,
        postalCode: clean.postalCode?.display,
        country: country ?? undefined,
        service: service ?? undefined,
        city: city ?? undefined,
      });
      expect(again.clean).toEqual(clean);
    }),
  );
});
