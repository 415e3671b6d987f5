import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { readCanadianCity } from './canadian-city.ts';
import { buildPostalCodes } from './pack-postal-codes.ts';

const folder = mkdtempSync(join(tmpdir(), 'postal-codes-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the table is written where it is missing or different, and left alone where it is the same', () => {
  const outFile = join(folder, 'build', 'postal-codes.bin');
  const { bytes, written } = buildPostalCodes({ outFile });
  expect(written).toBe(true);
  expect(statSync(outFile).size).toBe(bytes.length);
  expect(buildPostalCodes({ outFile }).written).toBe(false);
  writeFileSync(outFile, 'older');
  expect(buildPostalCodes({ outFile }).written).toBe(true);
});

describe('a Canadian area is named by its city', () => {
  it.each([
    ['Downtown Toronto (regent Park / Port Of Toronto)', 'M5A', 'Toronto'],
    ['Calgary Northeast', 'T3J', 'Calgary'],
    ['Central Alberta (stettler)', 'T0C', 'Stettler'],
    ['Fort Mcmurray Inner Central', 'T9J', 'Fort Mcmurray'],
    ['Regina South Saskatchewan Provincial Government', 'S4S', 'Regina'],
    ['Government Of Canada Ottawa And Gatineau Offices', 'K1A', 'Ottawa'],
    ['North Vancouver Outer East', 'V7H', 'North Vancouver'],
    ['L\uFFFDvis North', 'G6V', 'Lévis'],
    ['Sept-\uFFFDles Northwest', 'G4S', 'Sept-Îles'],
    ['Rivi\uFFFDre-du-loup', 'G5R', 'Rivière-du-Loup'],
    ['Saint-j\uFFFDr\uFFFDme West', 'J5L', 'Saint-Jérôme'],
    ['Sainte-ad\uFFFDle', 'J8B', 'Sainte-Adèle'],
    ['Auteuil West', 'H7H', 'Laval'],
    ['East Bay', 'B1J', 'East Bay'],
  ])('%s (%s) is %s', (name, area, city) => {
    expect(readCanadianCity(name, area)).toBe(city);
  });
});
