// The US Census Bureau's batch geocoder, as CSV without headers: in, `id, street, city, state, ZIP`; out, in any order,
// `id, input, Match|No_Match|Tie, Exact|Non_Exact, matched address, "lng,lat", TIGER line, side`, of which an address that was
// not found has the first three alone. https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html
import { parse } from 'csv-parse/sync';
import type { Coordinates } from '../../locations/rules/distance.ts';

export interface CensusAddress {
  /** Unlike any other's of its batch. */
  readonly id: string;
  readonly address: string;
  readonly city: string;
  /** Code. */
  readonly state: string;
  readonly postalCode: string;
}

export type CensusAnswer =
  | {
      readonly kind: 'match';
      readonly isExact: boolean;
      /** Interpolated along the street's side. */
      readonly coordinates: Coordinates;
      readonly matchedAddress: string;
    }
  | { readonly kind: 'no_match' | 'tie' };

/** Addresses as the batch takes them. No cell may hold a line break or a quote of its own: both become spaces. */
export function writeCensusCsv(addresses: readonly CensusAddress[]): string {
  const lines = addresses.map(({ id, address, city, state, postalCode }) =>
    [id, address, city, state, postalCode].map((cell) => `"${cell.replaceAll(/["\r\n]+/g, ' ').trim()}"`).join(','),
  );
  return `${lines.join('\n')}\n`;
}

/** Answers by id. A line of another shape is left out: its address counts as not asked. Null where no line is an answer. */
export function readCensusCsv(text: string): ReadonlyMap<string, CensusAnswer> | null {
  const answers = new Map<string, CensusAnswer>();
  for (const [id, , verdict, exactness, matchedAddress = '', point = ''] of parseLines(text)) {
    const answer = readAnswer({ verdict, exactness, matchedAddress, point });
    if (id !== undefined && answer !== null) answers.set(id, answer);
  }
  return answers.size > 0 ? answers : null;
}

function parseLines(text: string): string[][] {
  try {
    return parse(text, { relax_column_count: true, relax_quotes: true, trim: true, skip_empty_lines: true });
  } catch {
    return [];
  }
}

interface AnswerCells {
  readonly verdict: string | undefined;
  readonly exactness: string | undefined;
  readonly matchedAddress: string;
  readonly point: string;
}

function readAnswer({ verdict, exactness, matchedAddress, point }: AnswerCells): CensusAnswer | null {
  if (verdict === 'No_Match') return { kind: 'no_match' };
  if (verdict === 'Tie') return { kind: 'tie' };
  const [, lng, lat] = /^(-?\d{1,3}(?:\.\d+)?),(-?\d{1,2}(?:\.\d+)?)$/.exec(point) ?? [];
  if (verdict !== 'Match' || lng === undefined || lat === undefined) return null;
  const coordinates = { lng: Number(lng), lat: Number(lat) };
  return { kind: 'match', isExact: exactness === 'Exact', coordinates, matchedAddress };
}
