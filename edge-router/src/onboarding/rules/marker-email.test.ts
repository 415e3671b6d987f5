import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseEmail } from '../../rules/email.ts';
import { isMarkerBase, toMarkerEmail } from './marker-email.ts';

const base = { mailbox: 'ops', domain: 'brand.example' };

it('is an e-mail address, and another one for each location and generation', () => {
  const arbitrary = fc.record({ locationId: fc.uuid(), generation: fc.integer({ min: 1, max: 9999 }) });
  fc.assert(
    fc.property(arbitrary, arbitrary, (one, other) => {
      const email = toMarkerEmail(base, one);
      expect(parseEmail(email)).toBe(email);
      const isSame = one.locationId === other.locationId && one.generation === other.generation;
      expect(toMarkerEmail(base, other) === email).toBe(isSame);
    }),
  );
});

it.each([
  [{ mailbox: 'ops', domain: 'brand.example' }, true],
  [{ mailbox: 'a-mailbox-of-27-characters-x', domain: 'brand.example' }, false],
  [{ mailbox: 'ops+all', domain: 'brand.example' }, false],
  [{ mailbox: 'ops', domain: 'brand' }, false],
  [{ mailbox: 'o ps', domain: 'brand.example' }, false],
])('judges %j', (given, isGood) => {
  expect(isMarkerBase(given)).toBe(isGood);
});
