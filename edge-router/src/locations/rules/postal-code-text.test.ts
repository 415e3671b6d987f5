import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { getPostalCodes } from '../testing/postal-codes.ts';
import { cleanPostalCode } from './postal-code-text.ts';
import { listPostalCodes } from './postal-codes.ts';

describe('a postal code as people write it', () => {
  it.each([
    [' 02134 ', '02134', '02134', 'US'],
    ['02134-1234', '02134', '02134', 'US'],
    ['02134 1234', '02134', '02134', 'US'],
    ['021341234', '02134', '02134', 'US'],
    [73102, '73102', '73102', 'US'],
    ['k1a 0b1', 'K1A', 'K1A 0B1', 'CA'],
    ['K1A-0B1', 'K1A', 'K1A 0B1', 'CA'],
    ['k1a0b1', 'K1A', 'K1A 0B1', 'CA'],
    ['K1A', 'K1A', 'K1A', 'CA'],
    ['M5V\u00A03L9', 'M5V', 'M5V 3L9', 'CA'],
  ])('%j is cleaned', (raw, lookup, display, country) => {
    expect(cleanPostalCode(raw)).toEqual({ ok: true, value: { lookup, display, country, wasRepaired: false } });
  });

  it.each([
    '1234567890',
    '123456',
    '0213',
    '01234567',
    '12',
    '02134-',
    '02134-12',
    'ABCDE',
    'K1A 0B',
    'D1A 0B1',
    'W1A',
    'K1O',
    'SW1A 1AA',
  ])('%j is malformed', (raw) => {
    expect(cleanPostalCode(raw, { allowLostZero: true })).toEqual({ ok: false, error: { kind: 'malformed' } });
  });

  it.each(['', '   '])('%j is empty', (raw) => {
    expect(cleanPostalCode(raw)).toEqual({ ok: false, error: { kind: 'empty' } });
  });

  it('of the other country is told apart when a country is asked for', () => {
    const error = { kind: 'other_country', country: 'CA' };
    expect(cleanPostalCode('K1A 0B1', { country: 'US' })).toEqual({ ok: false, error });
    expect(cleanPostalCode('K1A 0B1', { country: 'CA' }).ok).toBe(true);
  });
});

describe('a ZIP whose leading zeros a spreadsheet ate', () => {
  it.each([
    [2134, '02134'],
    ['2134', '02134'],
    ['501', '00501'],
    ['2134-1234', '02134'],
    ['21341234', '02134'],
    [6011234, '00601'],
  ])('%j is repaired to %s where that is allowed', (raw, lookup) => {
    const value = { lookup, display: lookup, country: 'US', wasRepaired: true };
    expect(cleanPostalCode(raw, { allowLostZero: true })).toEqual({ ok: true, value });
  });

  it('is refused with a suggestion where it is not', () => {
    expect(cleanPostalCode('2134')).toEqual({ ok: false, error: { kind: 'lost_zero', suggestion: '02134' } });
  });
});

it('every code of the table is well formed and cleans to itself', () => {
  const changed = [...listPostalCodes(getPostalCodes())].filter(({ code, country }) => {
    const cleaned = cleanPostalCode(code, { country });
    return !cleaned.ok || cleaned.value.lookup !== code || cleaned.value.wasRepaired;
  });
  expect(changed).toEqual([]);
});

it('cleaning is idempotent and total for any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9A-Za-z -]{0,10}$/)), (raw) => {
      const first = cleanPostalCode(raw, { allowLostZero: true });
      if (!first.ok) return;
      expect(cleanPostalCode(first.value.display)).toEqual({
        ok: true,
        value: { ...first.value, wasRepaired: false },
      });
    }),
  );
});
