import type { LeadInput } from '../../edge-router/src/leads/intake.ts';
import type { Place, Places } from './places.ts';
import { createRandom, pick } from './random.ts';
import type { Random } from './random.ts';

const FIRST_NAMES = [
  'Ada',
  'Bruno',
  'Carmen',
  'Dmitri',
  'Esi',
  'Farah',
  'Goran',
  'Hana',
  'Ivo',
  'Jun',
  'Kofi',
] as const;
const LAST_NAMES = ['Abara', 'Brandt', 'Castillo', 'Dahl', 'Eze', 'Fontaine', 'Greer', 'Hale', 'Ito', 'Moss'] as const;
const SERVICES = ['drain-cleaning', 'water-heater', 'leak-repair', 'sewer', 'emergency'] as const;
/** With 555-0100 to 555-0199 behind each, enough that two seeds seldom share a person by accident. */
const AREA_CODES =
  '201 202 203 205 206 207 208 209 210 212 213 214 216 217 218 225 228 229 234 239 240 251 252 253 254 256 260 262 267 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 330 334 336 337 352 360 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 425 432 434 435 440 443 458 469 478 479 480 501 502 503 504 505 507 508 509 510 512 513 515 516 517 518'.split(
    ' ',
  );
/** Well-formed, and nobody's. */
const UNKNOWN_ZIPS = ['00000', '00099', '34599', '51999', '89299', '99998'] as const;

/** Shares of all leads. */
const NO_PLACE = 0.01;
const UNKNOWN_ZIP = 0.01;
const CANADIAN = 0.02;
const REPEAT = 0.02;
const WITH_SERVICE = 0.3;
const WITH_PHONE = 0.25;
/** A repeat comes this much later, so that the first of the two has surely been answered. */
const REPEAT_AFTER = 100;

/** What the demonstration sends; the router checks it against its own, wider schema. */
export type DemoLead = Partial<Omit<LeadInput, 'source' | 'externalId'>> & { source: string; externalId: string };

/** Lead `number` of the stream that `seed` stands for: always the same one. E-mails and phones are reserved for examples. */
export function makeLead({ seed, number }: { seed: number; number: number }, places: Places): DemoLead {
  const random = createRandom(seed ^ Math.imul(number + 1, 0x9e3779b1));
  const isRepeat = random() < REPEAT && number >= REPEAT_AFTER;
  return {
    source: 'demo',
    externalId: `demo-${seed}-${number}`,
    ...makePerson({ seed, number: isRepeat ? number - REPEAT_AFTER : number }),
    ...makePlace(random, places),
    ...(random() < WITH_SERVICE ? { service: pick(random, SERVICES) } : {}),
  };
}

function makePerson({ seed, number }: { seed: number; number: number }) {
  const random = createRandom((seed + 1) ^ Math.imul(number + 1, 0x85ebca6b));
  const firstName = pick(random, FIRST_NAMES);
  const lastName = pick(random, LAST_NAMES);
  const email = `${firstName}.${lastName}.${seed}.${number}@example.com`.toLowerCase();
  if (random() >= WITH_PHONE) return { firstName, lastName, email };
  const area = AREA_CODES[(seed + Math.floor(number / 100)) % AREA_CODES.length];
  return { firstName, lastName, email, phone: `(${area}) 555-01${String(number % 100).padStart(2, '0')}` };
}

function makePlace(random: Random, places: Places): Partial<Place> {
  const share = random();
  if (share < NO_PLACE) return {};
  if (share < NO_PLACE + UNKNOWN_ZIP) return { postalCode: pick(random, UNKNOWN_ZIPS), country: 'US' };
  return share < NO_PLACE + UNKNOWN_ZIP + CANADIAN ? places.pickCanadian(random) : places.pickUs(random);
}
