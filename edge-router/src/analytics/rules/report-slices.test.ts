import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countDays, countSlices, cutSlice } from './report-slices.ts';

const dayOf = (number: number): string => new Date(number * 86_400_000).toISOString().slice(0, 10);

it('counts each location for each day exactly once, and not too many in one slice', () => {
  const spans = fc.record({ first: fc.integer({ min: 11_000, max: 25_000 }), days: fc.integer({ min: 1, max: 150 }) });
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 1500 }), ({ first, days }, locations) => {
      const span = { from: dayOf(first), to: dayOf(first + days - 1), locations };
      const seen = new Uint8Array(days * locations);
      for (let index = 0; index < countSlices(span); index++) {
        const slice = cutSlice(span, index);
        const start = Date.parse(slice.from) / 86_400_000 - first;
        expect(countDays(slice) * slice.take).toBeLessThanOrEqual(5000);
        for (let place = slice.skip; place < Math.min(slice.skip + slice.take, locations); place++)
          for (let day = start; day < start + countDays(slice); day++)
            seen.set([(seen[place * days + day] ?? 0) + 1], place * days + day);
      }
      expect(seen.every((times) => times === 1)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

it('knows no summer time: a day is a day', () => {
  expect(countDays({ from: '2026-03-01', to: '2026-03-31' })).toBe(31);
  expect(cutSlice({ from: '2024-02-01', to: '2024-12-31', locations: 5 }, 1)).toEqual({
    from: '2024-03-03',
    to: '2024-04-02',
    skip: 0,
    take: 161,
  });
});
