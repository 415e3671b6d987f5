import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import zipcodes from 'zipcodes';
import { toStreetKey } from './street-key.ts';

/** An address that the stand-in knows, as the Census writes it. */
export type KnownAddress = {
  readonly street: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  readonly lng: number;
  readonly lat: number;
  readonly tigerLineId: string;
  readonly side: 'L' | 'R';
};

const EXAMPLES = join(import.meta.dirname, '../../examples/locations-100.csv');
/** Half a mile or so from the middle of the ZIP. */
const SPREAD_DEGREES = 0.008;

const rowsSchema = z.array(
  z.object({ Address: z.string(), City: z.string(), State: z.string(), 'Zip Code': z.string() }),
);

/** The US addresses of examples/, each at a point of its own near the middle of its ZIP, the same with every start. */
export function readExampleAddresses(): KnownAddress[] {
  const rows = rowsSchema.parse(parse(readFileSync(EXAMPLES), { columns: true, bom: true, trim: true }));
  return rows.flatMap((row) => {
    const middle = zipcodes.lookup(row['Zip Code']);
    if (!/^\d{5}$/.test(row['Zip Code']) || !middle) return [];
    const street = toStreetKey(row.Address);
    const digest = createHash('sha256').update(`${street} ${row['Zip Code']}`).digest();
    return [
      {
        street,
        city: row.City.toUpperCase(),
        state: row.State.toUpperCase(),
        zip: row['Zip Code'],
        lng: middle.longitude + spread(digest.readUInt16BE(0)),
        lat: middle.latitude + spread(digest.readUInt16BE(2)),
        tigerLineId: String(digest.readUInt32BE(4)),
        side: digest.readUInt8(8) % 2 === 0 ? 'L' : 'R',
      },
    ];
  });
}

function spread(number: number): number {
  return (number / 65_535 - 0.5) * 2 * SPREAD_DEGREES;
}
