// The source names a Canadian area by its delivery zones: 'Downtown Toronto (regent Park / Port Of Toronto)', 'Calgary
// Northeast', 'Central Alberta (stettler)'. This reads the city that people write on an envelope.

/** French letters that the source lost (U+FFFD), before the rule that holds for all other names: it was an é. */
const LOST_LETTERS: readonly (readonly [string, string])[] = [
  ['ad\uFFFDle', 'adèle'],
  ['\uFFFDle', 'île'],
  ['i\uFFFDre', 'ière'],
  ['m\uFFFDre', 'mère'],
  ['val\uFFFDre', 'valère'],
  ['r\uFFFDse', 'rèse'],
  ['r\uFFFDme', 'rôme'],
  ['i\uFFFDve', 'iève'],
  ['am\uFFFDque', 'amèque'],
  ['C\uFFFDte', 'Côte'],
  ['Ch\uFFFDteau', 'Château'],
  ['fran\uFFFDois', 'françois'],
  ['gr\uFFFDce', 'grâce'],
];

/** Areas named after offices or city districts; H7 is the whole of Laval. */
const CITIES_BY_AREA: readonly (readonly [RegExp, string])[] = [
  [/^G1A/, 'Quebec City'],
  [/^H7/, 'Laval'],
  [/^K1A/, 'Ottawa'],
  [/^(M5W|M7A|M7Y)/, 'Toronto'],
  [/^P3/, 'Sudbury'],
  [/^R3C/, 'Winnipeg'],
];

const DIRECTION = '(?:North|South|East|West|Northeast|Northwest|Southeast|Southwest)';
const ZONE_WORD = `(?:${DIRECTION}|Central|Inner|Outer|Upper|Lower|Mid-riverbank|Riverbank|Outskirts|Extremities|And|&)`;
const TRAILING_ZONES = new RegExp(`(?: ${ZONE_WORD})+$`);
const LEADING_ZONE = new RegExp(`^(?:Downtown|Old|Central|${DIRECTION}) (?=Toronto|Montreal)`);
/** 'Regina South Saskatchewan Provincial Government': the city whose offices have an area of their own. */
const PROVINCIAL_OFFICES = new RegExp(`^(.+?) (?:${DIRECTION}|Central|Mid-harbour) .*Provincial Government$`);
const SMALL_WORDS = new Set(['a', 'au', 'aux', 'de', 'des', 'du', 'en', 'la', 'le', 'les', 'lez', 'sur']);

/** `area` is the forward sortation area; a zero as its second character marks a rural one, named by its main town. */
export function readCanadianCity(name: string, area: string): string {
  const known = CITIES_BY_AREA.find(([pattern]) => pattern.test(area))?.[1];
  if (known) return known;
  const [, zone = name, inside] = /^(.*?) *(?:\((.*)\))?$/.exec(restoreLetters(name)) ?? [];
  const city = area[1] === '0' && inside ? inside : zone;
  const withoutOffices = city.replace(PROVINCIAL_OFFICES, '$1');
  const withoutZones = withoutOffices.replace(LEADING_ZONE, '').replace(TRAILING_ZONES, '');
  return capitalise((withoutZones || city).replaceAll('- ', '-'));
}

function restoreLetters(name: string): string {
  const restored = LOST_LETTERS.reduce((text, [lost, letters]) => text.replaceAll(lost, letters), name);
  return restored.replaceAll('\uFFFD', 'é');
}

function capitalise(name: string): string {
  return name
    .split(/(?<=[ -]|\b[ld]')/i)
    .map((word, i) => (i > 0 && SMALL_WORDS.has(word.slice(0, -1).toLowerCase()) ? word.toLowerCase() : toTitle(word)))
    .join('');
}

function toTitle(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
