import { isSupportedCountry, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';

/** What people write as a phone number is shorter than this. */
const MAX_PHONE_LENGTH = 64;
/** Half of the world dials 00 where others write +. No number of any country begins with two zeros. */
const DIALLED_PREFIX = /^\s*00(?=[\s.-]*[1-9])/;
const LABEL_PATTERN = /^\s*(?:tel|telephone|phone|mobile|cell)\b[.:]?\s*/i;

export interface Phone {
  readonly e164: string;
  /** An extension was written and is not part of `e164`. */
  readonly hasExtension: boolean;
}

/**
 * Reads a phone number as people write it. `country` is the one of numbers without a country code; where it is none that
 * is known, the US. Null for what cannot be dialled, such as '123-456-7890'. The reserved 555-01xx numbers can be.
 */
export function parsePhone(raw: string, country: string | null): Phone | null {
  return readPhone(raw.replace(LABEL_PATTERN, '').replace(DIALLED_PREFIX, '+'), { country, isAlone: true });
}

/** The first number inside a text that is more than a number, such as 'call 617-555-0123, ask for Ann'. */
export function findPhone(raw: string, country: string | null): Phone | null {
  return readPhone(raw, { country, isAlone: false });
}

function readPhone(raw: string, { country, isAlone }: { country: string | null; isAlone: boolean }): Phone | null {
  if (raw.length > MAX_PHONE_LENGTH) return null;
  const defaultCountry: CountryCode = country !== null && isSupportedCountry(country) ? country : 'US';
  const parsed = parsePhoneNumberFromString(raw, { defaultCountry, extract: !isAlone });
  return parsed?.isValid() ? { e164: parsed.number, hasExtension: Boolean(parsed.ext) } : null;
}
