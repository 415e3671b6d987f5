import { err, ok, type Result } from '../../rules/result.ts';
import type { Country } from './states.ts';

export interface CleanPostalCode {
  /** The form that tables and territories are keyed by: five digits, or a Canadian forward sortation area ('K1A'). */
  readonly lookup: string;
  /** As people write it: '02134', 'K1A 0B1'. A ZIP+4 is shown by its five digits. */
  readonly display: string;
  readonly country: Country;
  /** Leading zeros that a spreadsheet ate were put back. */
  readonly wasRepaired: boolean;
}

export type PostalCodeFault =
  | { readonly kind: 'empty' }
  | { readonly kind: 'malformed' }
  /** Reads like a ZIP without its leading zeros. */
  | { readonly kind: 'lost_zero'; readonly suggestion: string }
  /** Well formed, but of the country that was not asked for. */
  | { readonly kind: 'other_country'; readonly country: Country };

export interface PostalCodeOptions {
  readonly country?: Country;
  /** Repair '2134' to '02134' rather than refuse it: for columns known to hold ZIPs, not for what people typed. */
  readonly allowLostZero?: boolean;
}

const ZIP_PATTERN = /^(\d{5})(?:-?\d{4})?$/;
/** 00501 is the lowest ZIP in use, so up to two zeros can be lost, with or without the four digits after. */
const SHORT_ZIP_PATTERN = /^([1-9]\d{2,3})(?:-\d{4})?$|^([1-9]\d{2,3})\d{4}$/;
/** Canada Post never uses D, F, I, O, Q, U, nor W and Z in the first place. */
const CANADIAN_PATTERN = /^([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])(?:-?(\d[ABCEGHJ-NPRSTV-Z]\d))?$/;

/** Checks the form only; whether the code exists is for `findPostalCode` to say. */
export function cleanPostalCode(
  raw: string | number,
  options: PostalCodeOptions = {},
): Result<CleanPostalCode, PostalCodeFault> {
  const text = String(raw).replaceAll(/\s+/g, '').toUpperCase();
  if (text === '') return err({ kind: 'empty' });
  const code = readCanadianCode(text) ?? readZip(text) ?? readShortZip(text);
  if (code === null) return err({ kind: 'malformed' });
  if (options.country && options.country !== code.country) return err({ kind: 'other_country', country: code.country });
  if (code.wasRepaired && !options.allowLostZero) return err({ kind: 'lost_zero', suggestion: code.lookup });
  return ok(code);
}

function readZip(text: string): CleanPostalCode | null {
  const zip = ZIP_PATTERN.exec(text)?.[1];
  return zip === undefined ? null : { lookup: zip, display: zip, country: 'US', wasRepaired: false };
}

function readShortZip(text: string): CleanPostalCode | null {
  const match = SHORT_ZIP_PATTERN.exec(text);
  const digits = match?.[1] ?? match?.[2];
  if (digits === undefined) return null;
  const zip = digits.padStart(5, '0');
  return { lookup: zip, display: zip, country: 'US', wasRepaired: true };
}

function readCanadianCode(text: string): CleanPostalCode | null {
  const [, area, unit] = CANADIAN_PATTERN.exec(text) ?? [];
  if (area === undefined) return null;
  return { lookup: area, display: unit ? `${area} ${unit}` : area, country: 'CA', wasRepaired: false };
}
