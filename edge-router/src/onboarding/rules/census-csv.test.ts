import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCensusCsv, writeCensusCsv } from './census-csv.ts';

it('a match has a point, longitude first; the others have none; the order is nobody’s', () => {
  const csv =
    '"3","1 Main St, Nowhere, CT, 06001","Tie"\r\n' +
    '"1","225 Main St, Newington, CT, 06111","Match","Exact","225 MAIN ST, NEWINGTON, CT, 06111","-72.72687,41.71489","351","R"\r\n' +
    '"2","1 Infinite Loop","No_Match"\r\n' +
    '"4","x","Match","Non_Exact","Y","-72.5,41","1","L"\r\n';
  expect(Object.fromEntries(readCensusCsv(csv) ?? [])).toEqual({
    '1': {
      kind: 'match',
      isExact: true,
      coordinates: { lng: -72.72687, lat: 41.71489 },
      matchedAddress: '225 MAIN ST, NEWINGTON, CT, 06111',
    },
    '2': { kind: 'no_match' },
    '3': { kind: 'tie' },
    '4': { kind: 'match', isExact: false, coordinates: { lng: -72.5, lat: 41 }, matchedAddress: 'Y' },
  });
});

it.each(['', '<html>Service Unavailable</html>', '"1","x","Match","Exact","Y","nowhere","1","L"', '"'])(
  '%j is no answer',
  (text) => {
    expect(readCensusCsv(text)).toBeNull();
  },
);

it('an address is one line of five cells, whatever is in it', () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('a"b', 'a,b', 'a\r\nb', '=1'));
  fc.assert(
    fc.property(cell, cell, cell, (address, city, postalCode) => {
      const csv = writeCensusCsv([{ id: '7', address, city, state: 'MA', postalCode }]);
      expect(csv.split('\n')).toHaveLength(2);
      expect(csv.match(/^"[^"]*","[^"]*","[^"]*","MA","[^"]*"$/m)).not.toBeNull();
    }),
  );
});
