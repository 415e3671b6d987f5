/** As the Postal Service abbreviates them (Publication 28, appendices B and C1), the commonest. */
const WORDS: Readonly<Record<string, string>> = {
  AVENUE: 'AVE',
  BOULEVARD: 'BLVD',
  CIRCLE: 'CIR',
  COURT: 'CT',
  DRIVE: 'DR',
  EAST: 'E',
  HIGHWAY: 'HWY',
  LANE: 'LN',
  NORTH: 'N',
  PARKWAY: 'PKWY',
  PLACE: 'PL',
  ROAD: 'RD',
  SOUTH: 'S',
  SQUARE: 'SQ',
  STREET: 'ST',
  TERRACE: 'TER',
  WEST: 'W',
};

/** A street as the Census writes it: capitals, abbreviations, no dots, without a unit. */
export function toStreetKey(street: string): string {
  const [withoutUnit = ''] = street.toUpperCase().split(/,|\s(?:APT|STE|SUITE|UNIT|#)\b|\s#/);
  const words = withoutUnit.replaceAll(/[.']/g, '').trim().split(/\s+/);
  return words.map((word) => WORDS[word] ?? word).join(' ');
}
