import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import { PROJECT } from '../stack/local-folder.ts';
import type { Random } from './random.ts';

/** Kept outside the repository; on a machine without it every ZIP is as likely as any other. */
const POPULATION_FILE = join(PROJECT, '..', 'shared', 'data', 'zip-population.csv');

export type Place = {
  readonly city: string;
  readonly state: string;
  readonly postalCode: string;
  readonly country: 'US' | 'CA';
};
export type Places = {
  readonly basis: string;
  readonly pickUs: (random: Random) => Place;
  readonly pickCanadian: (random: Random) => Place;
};

const populationSchema = z.array(
  z.object({ zip: z.string(), city: z.string(), state: z.string(), population: z.coerce.number().min(0) }),
);
const zipcodesSchema = z.object({
  codes: z.record(z.string(), z.object({ zip: z.string(), city: z.string(), state: z.string(), country: z.string() })),
});

/** Real postal codes to send leads from: ZIPs weighted by population where that is known, and Canadian forward sortation areas. */
export function readPlaces(): Places {
  const source: unknown = createRequire(import.meta.url)('zipcodes');
  const codes = Object.values(zipcodesSchema.parse(source).codes);
  const canadian = codes.filter(({ country }) => country === 'Canada').map((code) => toPlace(code, 'CA'));
  const us = existsSync(POPULATION_FILE)
    ? { basis: 'real ZIPs, weighted by population', weighted: readPopulation() }
    : {
        basis: 'real ZIPs, each as likely',
        weighted: codes
          .filter(({ country }) => country === 'US')
          .map((code) => ({ place: toPlace(code, 'US'), weight: 1 })),
      };
  return {
    basis: us.basis,
    pickUs: createWeightedPick(us.weighted),
    pickCanadian: createWeightedPick(canadian.map((place) => ({ place, weight: 1 }))),
  };
}

type Weighted = { readonly place: Place; readonly weight: number };

function readPopulation(): Weighted[] {
  const rows = populationSchema.parse(parse(readFileSync(POPULATION_FILE), { columns: true, bom: true }));
  return rows.map((row) => ({ place: toPlace(row, 'US'), weight: row.population }));
}

/** Canadian areas are named with all their quarters in brackets: the name before them is the city's. */
function toPlace({ zip, city, state }: { zip: string; city: string; state: string }, country: 'US' | 'CA'): Place {
  return { city: city.split(' (')[0] ?? city, state, postalCode: zip, country };
}

/** A binary search over the running total. */
function createWeightedPick(items: readonly Weighted[]): (random: Random) => Place {
  let total = 0;
  const ends = items.map(({ weight }) => (total += weight));
  return (random) => {
    const wanted = random() * total;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    const item = items[low];
    if (item === undefined) throw new Error('There is no postal code to pick from.');
    return item.place;
  };
}
