import { parseEmail } from '../../rules/email.ts';
import { findPhone, parsePhone } from '../../rules/phone.ts';
import { toPlainText } from '../../rules/plain-text.ts';
import { err, ok, type Result } from '../../rules/result.ts';
import { toServiceToken } from '../../rules/service-token.ts';
import { parseHours } from './hours-text.ts';
import type { WeeklyHours } from './opening-hours.ts';
import { cleanPostalCode, type CleanPostalCode } from './postal-code-text.ts';
import { parseState, type Country, type State } from './states.ts';

/** What is wrong with one cell, for a person who has the file open. */
export interface CellFault {
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
}

export type CellResult<T> = Result<T, CellFault>;

const MAX_DAILY_CAP = 100_000;
const MAX_SERVICES = 50;
const MAX_SERVICE_LENGTH = 80;
const MAX_URL_LENGTH = 500;
const YEARS_AHEAD = 10;

export function fault(code: string, message: string, suggestion?: string): CellResult<never> {
  return err({ code, message, ...(suggestion ? { suggestion } : {}) });
}

/** A cell's text: a number or a yes/no as it is written, null for blank. */
export function readCellText(value: unknown): CellResult<string | null> {
  if (value === null || value === undefined) return ok(null);
  if (typeof value === 'string') return ok(toPlainText(value));
  if (typeof value === 'number' || typeof value === 'boolean') return ok(String(value));
  return fault('not_text', 'This has to be one text or number.');
}

export function readShortText(text: string, maxLength: number): CellResult<string> {
  return text.length <= maxLength ? ok(text) : fault('too_long', `This has at most ${maxLength} characters.`);
}

/** `ofPostalCode` is the state that the row's postal code lies in, where that is known. */
export function readState(text: string, ofPostalCode: string | undefined): CellResult<State> {
  const state = parseState(text);
  return state
    ? ok(state)
    : fault('unknown_state', 'This is no US state, territory or Canadian province.', ofPostalCode);
}

/** A column of ZIPs: leading zeros that a spreadsheet ate are put back. */
export function readPostalCode(text: string): CellResult<CleanPostalCode> {
  const cleaned = cleanPostalCode(text, { allowLostZero: true });
  if (cleaned.ok) return cleaned;
  return fault('malformed_postal_code', 'This is no postal code, such as 02134, 02134-1234 or K1A 0B1.');
}

export function describeRepair(postalCode: CleanPostalCode): CellFault {
  const message = `Read as ${postalCode.display}: a spreadsheet has eaten its leading zero.`;
  return { code: 'postal_code_repaired', message, suggestion: postalCode.display };
}

export function readPhone(text: string, country: Country | null): CellResult<string> {
  const phone = parsePhone(text, country);
  if (phone) return ok(phone.e164);
  return fault('unusable_phone', 'This phone number cannot be dialled.', findPhone(text, country)?.e164);
}

export function readEmail(text: string): CellResult<string> {
  const email = parseEmail(text);
  return email ? ok(email) : fault('unusable_email', 'This is no e-mail address.');
}

/** 'example.com' is taken as https://example.com. */
export function readWebsite(text: string): CellResult<string> {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  const isSite =
    url && text.length <= MAX_URL_LENGTH && /^[^\s@]+\.[a-z0-9-]{2,}$/i.test(url.hostname) && !url.username;
  if (!isSite) return fault('unusable_website', 'This is no web address.');
  return ok(url.pathname === '/' && !url.search && !url.hash ? url.origin : url.href);
}

/** Leads a day; blank is for no limit. A spreadsheet may show 25 as 25.0 or 1000 as 1,000. */
export function readDailyCap(text: string): CellResult<number> {
  const digits = /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?$/.exec(text)?.[1]?.replaceAll(',', '');
  const dailyCap = digits === undefined ? Number.NaN : Number(digits);
  if (dailyCap <= MAX_DAILY_CAP) return ok(dailyCap);
  return fault('bad_capacity', `This is a whole number from 0 to ${MAX_DAILY_CAP.toLocaleString('en-US')}, or empty.`);
}

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})(?:T00:00(?::00(?:\.0+)?)?Z?)?$/;
const US_DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;
/** Days since 1899-12-30, as spreadsheets keep dates. */
const SERIAL_DATE = /^\d{5}$/;
const MS_PER_DAY = 86_400_000;
const SERIAL_OF_1970 = 25_569;

/** YYYY-MM-DD or month/day/year; between 1900 and ten years after `today` (YYYY-MM-DD). */
export function readOpeningDate(text: string, today: string): CellResult<string> {
  return readDate(text, {
    earliest: '1900-01-01',
    latest: `${Number(today.slice(0, 4)) + YEARS_AHEAD}${today.slice(4)}`,
  });
}

/** As `readOpeningDate`, for any day that a franchise agreement may name. */
export function readTerritoryDay(text: string): CellResult<string> {
  return readDate(text, { earliest: '1900-01-01', latest: '2199-12-31' });
}

function readDate(text: string, { earliest, latest }: { earliest: string; latest: string }): CellResult<string> {
  if (SERIAL_DATE.test(text)) {
    const date = new Date((Number(text) - SERIAL_OF_1970) * MS_PER_DAY).toISOString().slice(0, 10);
    return fault('bad_date', 'This is a spreadsheet\u2019s inner number of a date: write the date.', date);
  }
  const [, year, month, day] = ISO_DATE.exec(text) ?? reorder(US_DATE.exec(text));
  const date = toDate({ year, month, day });
  if (date === null) return fault('bad_date', 'This is no date: write it as 2026-03-31.');
  if (date < earliest || date > latest) return fault('bad_date', 'This date is too far away to be meant.');
  return ok(date);
}

function reorder(match: RegExpExecArray | null): (string | undefined)[] {
  return [match?.[0], match?.[3], match?.[1]?.padStart(2, '0'), match?.[2]?.padStart(2, '0')];
}

/** Null for what the calendar does not have, such as 30 February. */
function toDate(parts: Readonly<Record<'year' | 'month' | 'day', string | undefined>>): string | null {
  const iso = `${parts.year}-${parts.month}-${parts.day}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : null;
}

/** Services by semicolon or comma, or a list of them; each once, as lower-case words joined by dashes. */
export function readServices(value: unknown): CellResult<string[]> {
  const texts: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[;,|]/) : [value];
  const services = new Set<string>();
  for (const text of texts) {
    if (typeof text !== 'string' || text.length > MAX_SERVICE_LENGTH) {
      return fault('bad_services', `Services are texts of at most ${MAX_SERVICE_LENGTH} characters.`);
    }
    const service = toServiceToken(text);
    if (service) services.add(service);
  }
  return services.size <= MAX_SERVICES ? ok([...services]) : fault('bad_services', `At most ${MAX_SERVICES} services.`);
}

const MAX_HOLIDAYS = 100;

/** `Mon-Fri 9:00-17:00; Sat 10am-2pm`, as `parseHours` reads it. */
export function readHours(text: string): CellResult<WeeklyHours> {
  const hours = parseHours(text);
  return hours.ok ? hours : fault('bad_hours', `These are no opening hours: ${hours.error}.`);
}

/** Dates by semicolon or comma, or a list of them; each once, in order. */
export function readHolidays(value: unknown, today: string): CellResult<string[]> {
  const texts: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[;,|]/) : [value];
  const dates = new Set<string>();
  for (const text of texts) {
    if (typeof text !== 'string') return fault('bad_date', 'Holidays are dates, such as 2026-12-25.');
    if (text.trim() === '') continue;
    const date = readOpeningDate(text.trim(), today);
    if (!date.ok) return date;
    dates.add(date.value);
  }
  return dates.size <= MAX_HOLIDAYS ? ok([...dates].sort()) : fault('bad_date', `At most ${MAX_HOLIDAYS} holidays.`);
}

/** A share from 0 to 1, or a percentage with its sign: 0.37 and 37% are the same. */
export function readConversionRate(text: string): CellResult<number> {
  const [, digits, percent] = /^(\d{1,3}(?:\.\d+)?)\s*(%)?$/.exec(text) ?? [];
  const rate = digits === undefined ? Number.NaN : Number(digits) / (percent ? 100 : 1);
  return rate <= 1
    ? ok(rate)
    : fault('bad_conversion_rate', 'This is a share from 0 to 1, or a percentage such as 37%.');
}

const YES = new Set(['true', 'yes', 'y', '1', 'active', 'open']);
const NO = new Set(['false', 'no', 'n', '0', 'inactive', 'closed']);

/** Yes or no, as spreadsheets and people write it. */
export function readFlag(text: string): CellResult<boolean> {
  const word = text.toLowerCase();
  if (YES.has(word)) return ok(true);
  return NO.has(word) ? ok(false) : fault('not_yes_or_no', 'This is yes or no.');
}

/** Degrees as a decimal number. */
export function readDegrees(text: string): CellResult<number> {
  return /^[+-]?\d{1,3}(?:\.\d+)?$/.test(text)
    ? ok(Number(text))
    : fault('bad_coordinates', 'This is no decimal number of degrees, such as -71.0589.');
}
