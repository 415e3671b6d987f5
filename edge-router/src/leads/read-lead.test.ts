import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInput } from '../http/body.ts';
import { leadInputSchema, MAX_LENGTHS } from './intake.ts';
import { readLead, takeGoodLead } from './read-lead.ts';

const text = (maxLength: number) => fc.string({ maxLength, unit: 'grapheme' });
const goodRecord = fc.dictionary(
  fc.string({ maxLength: 12 }).filter((key) => key !== '__proto__'),
  fc.oneof(text(20), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
  { maxKeys: 50, noNullPrototype: true },
);
const goodFields = {
  source: fc.stringMatching(/^[\w.:-]{1,64}$/),
  externalId: fc.stringMatching(/^[!-~]{1,200}$/),
  ...Object.fromEntries(Object.entries(MAX_LENGTHS).map(([field, max]) => [field, text(max / 4)])),
  coordinates: fc.record(
    {
      lng: fc.double({ min: -180, max: 180, noNaN: true }),
      lat: fc.double({ min: -90, max: 90, noNaN: true }),
    },
    { noNullPrototype: true },
  ),
  score: fc.double({ min: 0, max: 1000, noNaN: true }),
  utm: goodRecord,
  consent: goodRecord,
  metadata: goodRecord,
};
const goodLead = fc.record(goodFields, { requiredKeys: ['source'], noNullPrototype: true });

const oddTexts = [' ', ' web ', 'web\n', 'w b', 'a-b_c.d:e', '\u00a0x', 'é', '\ud800'];
const oddNumbers = [-1, -0, 0, 90, 90.5, -90.5, 180, 180.5, 1000, 1000.5, 1e300, Infinity, -Infinity];
const oddPlaces = [{ lat: 1, lng: 2 }, { lng: 1 }, { lat: 1 }, { lng: 1, lat: 1, more: 1 }];
const oddKinds = [null, true, [], [1], {}, { a: [] }, { a: {} }, { '': '' }];
const oddJson = ['{"__proto__":1}', '{"__proto__":{"a":1},"b":2}', '{"a":1e999}', '{"1":"x","a":null,"0":true}'];
const sizes = [0, 1, 19, 20, 21, 60, 61, 64, 65, 80, 81, 120, 121, 200, 201, 300, 301, 320, 321];
/** Around each limit, and of each wrong kind. */
const oddValues: readonly unknown[] = [
  ...oddTexts,
  ...oddNumbers,
  ...oddPlaces,
  ...oddKinds,
  ...oddJson.map(parse),
  ...sizes.map((size) => 'x'.repeat(size)),
  ...[90, 90.5, -90.5, '1', null, Infinity].map((lat) => ({ lng: 1, lat })),
  ...[180, 180.5, -180.5, '1', null].map((lng) => ({ lng, lat: 1 })),
  ...[50, 51].map((size) => Object.fromEntries(Array.from({ length: size }, (_, n) => [`k${n}`, n]))),
  ...[64, 65].map((size) => ({ ['k'.repeat(size)]: 'v' })),
  ...[1000, 1001].map((size) => ({ k: 'v'.repeat(size) })),
];
const fieldNames = [...Object.keys(goodFields), '__proto__', 'toString', 'Email', ''];
const oddValue = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(...oddValues));
const fieldName = fc.constantFrom(...fieldNames);
const spoiltLead = fc
  .tuple(goodLead, fc.array(fc.tuple(fieldName, oddValue), { minLength: 1, maxLength: 4 }))
  .map(([lead, spoils]) => fromEntries([...Object.entries(lead), ...spoils]));
const shuffledLead = goodLead.chain((lead) => {
  const entries = Object.entries(lead);
  return fc.shuffledSubarray(entries, { minLength: entries.length }).map(fromEntries);
});

/** As JSON would hold it, where `__proto__` is a key. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries);
}

function parse(json: string): unknown {
  return JSON.parse(json);
}

/** With the order of keys, which the lead's hash depends on. */
function expectSchemasAnswer(body: unknown): void {
  const expected = parseInput(leadInputSchema, body);
  const answer = readLead(body);
  expect(answer).toStrictEqual(expected);
  expect(JSON.stringify(answer)).toBe(JSON.stringify(expected));
}

describe('reading a lead answers what the schema answers', () => {
  it('for good leads, whatever the order of their fields, without asking the schema', () => {
    fc.assert(
      fc.property(shuffledLead, (body) => {
        expectSchemasAnswer(body);
        expect(takeGoodLead(body)).not.toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it.each(fieldNames)('for every odd value of %s', (field) => {
    expect.assertions(2 * oddValues.length);
    for (const value of oddValues)
      expectSchemasAnswer(
        fromEntries([
          ['source', 'web'],
          [field, value],
        ]),
      );
  });

  it('for leads with any fields spoilt', () => {
    fc.assert(fc.property(spoiltLead, expectSchemasAnswer), { numRuns: 500 });
  });

  it('for anything that JSON can hold', () => {
    fc.assert(fc.property(fc.jsonValue(), expectSchemasAnswer), { numRuns: 300 });
  });
});
