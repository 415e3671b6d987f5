import { err, ok, type Result } from '../../rules/result.ts';
import type { OpenSpan, WeeklyHours } from './opening-hours.ts';

const DAY_NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const LONG_DAY_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const DAY_MINUTES = 1440;
const MAX_TEXT_LENGTH = 500;
const MAX_SPANS_PER_DAY = 6;
const DASH = /\s*(?:-|–|—|\bto\b)\s*/;

/**
 * Opening hours as people write them: `Mon-Fri 9:00-17:00; Sat 10am-2pm; Sun closed`, `Daily 8am-8pm`, `24/7`. A day that
 * is not named is closed; a span that ends at or before it begins runs past midnight.
 * @returns the week, or what cannot be read
 */
export function parseHours(text: string): Result<WeeklyHours, string> {
  const trimmed = text.trim();
  if (trimmed.length > MAX_TEXT_LENGTH) return err(`at most ${MAX_TEXT_LENGTH} characters`);
  if (/^(24\s*\/\s*7|always( open)?)$/i.test(trimmed)) return ok(DAY_NAMES.map(() => [[0, DAY_MINUTES]]));
  const week: OpenSpan[][] = DAY_NAMES.map(() => []);
  const named = new Set<number>();
  for (const part of trimmed.split(/[;\n]+/).filter((piece) => piece.trim() !== '')) {
    const read = readPart(part.trim());
    if (!read.ok) return read;
    for (const day of read.value.days) {
      if (named.has(day)) return err(`${DAY_NAMES[day]} is given twice`);
      named.add(day);
      week[day] = [...read.value.spans];
    }
  }
  return named.size > 0 ? ok(week) : err('no days; write for example Mon-Fri 9:00-17:00; Sat 10am-2pm');
}

function readPart(part: string): Result<{ days: readonly number[]; spans: readonly OpenSpan[] }, string> {
  const match = /^([a-z][a-z,&\s–—-]*?)[:\s]+(\d.*|closed|open 24 hours|noon.*|midnight.*)$/i.exec(part);
  if (!match?.[1] || !match[2]) return err(`"${part}" is not days and times, such as Mon-Fri 9:00-17:00`);
  const days = readDays(match[1]);
  if (!days.ok) return days;
  const spans = readSpans(match[2]);
  return spans.ok ? ok({ days: days.value, spans: spans.value }) : spans;
}

function readDays(text: string): Result<number[], string> {
  if (/^(daily|every ?day)$/i.test(text.trim())) return ok(DAY_NAMES.map((_, day) => day));
  const days: number[] = [];
  for (const piece of text.split(/\s*(?:,|&|\band\b)\s*/i)) {
    const [first, last = first, ...more] = piece.split(DASH).map(readDay);
    if (first === undefined || last === undefined || first < 0 || last < 0 || more.length > 0)
      return err(`"${piece.trim()}" names no days`);
    for (let day = first; ; day = (day + 1) % 7) {
      days.push(day);
      if (day === last) break;
    }
  }
  return ok(days);
}

/** -1 for what is no day; `Mon`, `Tues`, `thursday`. */
function readDay(text: string): number {
  const lowered = text.trim().toLowerCase().replace(/\.$/, '');
  return lowered.length < 3 ? -1 : LONG_DAY_NAMES.findIndex((name) => name.startsWith(lowered.replace(/s$/, '')));
}

function readSpans(text: string): Result<OpenSpan[], string> {
  if (/^closed$/i.test(text)) return ok([]);
  if (/^(open )?24 hours$/i.test(text)) return ok([[0, DAY_MINUTES]]);
  const spans: OpenSpan[] = [];
  for (const piece of text.split(/\s*(?:,|&|\band\b)\s*/i)) {
    const [opens, closes, ...more] = piece.split(DASH).map(readTime);
    const isRead = typeof opens === 'number' && typeof closes === 'number' && more.length === 0;
    if (!isRead || opens === DAY_MINUTES)
      return err(`"${piece.trim()}" is no span of time: write 9:00-17:00 or 9am-5pm`);
    spans.push([opens, closes > opens ? closes : closes + DAY_MINUTES]);
  }
  if (spans.length > MAX_SPANS_PER_DAY) return err(`at most ${MAX_SPANS_PER_DAY} spans a day`);
  spans.sort((a, b) => a[0] - b[0]);
  const overlaps = spans.some(([opens], index) => index > 0 && opens < (spans[index - 1]?.[1] ?? 0));
  return overlaps ? err(`"${text}" has spans that overlap`) : ok(spans);
}

/** Minutes since midnight; null for what is no time. A bare `9` is none: it may be morning or evening. */
function readTime(text: string): number | null {
  const lowered = text.trim().toLowerCase();
  if (lowered === 'noon') return 720;
  if (lowered === 'midnight') return DAY_MINUTES;
  const match = /^(\d{1,2})(?::(\d{2}))?\s*(?:([ap])\.?m?\.?)?$/.exec(lowered);
  if (!match) return null;
  const [, hourText, minuteText, half] = match;
  if (minuteText === undefined && half === undefined) return null;
  const [hour, minute] = [Number(hourText), Number(minuteText ?? 0)];
  if (minute > 59 || (half === undefined ? hour > 24 : hour < 1 || hour > 12)) return null;
  const minutes = (half === undefined ? hour : (hour % 12) + (half === 'p' ? 12 : 0)) * 60 + minute;
  return minutes > DAY_MINUTES ? null : minutes;
}

/** The same hours as text that `parseHours` reads back: days that share their spans are told together. */
export function formatHours(hours: WeeklyHours): string {
  const told = DAY_NAMES.map((_, day) => formatSpans(hours[day] ?? []));
  if (told.every((spans) => spans === formatSpans([[0, DAY_MINUTES]]))) return '24/7';
  const parts: string[] = [];
  for (let first = 0; first < told.length;) {
    let last = first;
    while (told[last + 1] === told[first]) last++;
    const days = first === last ? DAY_NAMES[first] : `${DAY_NAMES[first]}-${DAY_NAMES[last]}`;
    parts.push(`${days} ${told[first]}`);
    first = last + 1;
  }
  return parts.join('; ');
}

function formatSpans(spans: readonly OpenSpan[]): string {
  const format = (minutes: number): string =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  const wrap = (closes: number): number => (closes > DAY_MINUTES ? closes - DAY_MINUTES : closes);
  return spans.map(([opens, closes]) => `${format(opens)}-${format(wrap(closes))}`).join(', ') || 'closed';
}
