import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ok } from '../../rules/result.ts';
import { formatHours, parseHours } from './hours-text.ts';
import type { OpenSpan } from './opening-hours.ts';

const closed: OpenSpan[] = [];
const office: OpenSpan[] = [[540, 1020]];

describe('opening hours as text', () => {
  it.each([
    ['Mon-Fri 9:00-17:00; Sat 10am-2pm; Sun closed', [office, office, office, office, office, [[600, 840]], closed]],
    ['Mon–Fri: 9am – 5pm', [office, office, office, office, office, closed, closed]],
    ['monday, Wed & fri 09:00-17:00', [office, closed, office, closed, office, closed, closed]],
    ['Fri-Mon 9:00 to 17:00', [office, closed, closed, closed, office, office, office]],
    [
      'Tues 9:00-12:00, 1pm-5 p.m.',
      [
        closed,
        [
          [540, 720],
          [780, 1020],
        ],
        closed,
        closed,
        closed,
        closed,
        closed,
      ],
    ],
    ['Sat 22:00-02:00', [closed, closed, closed, closed, closed, [[1320, 1560]], closed]],
    ['Sun noon-midnight', [closed, closed, closed, closed, closed, closed, [[720, 1440]]]],
    ['Mon 12am-12pm', [[[0, 720]], closed, closed, closed, closed, closed, closed]],
  ])('%s', (text, week) => {
    expect(parseHours(text)).toEqual(ok(week));
  });

  it.each([['24/7'], ['Daily open 24 hours'], ['Mon-Sun 0:00-24:00']])('%s is always', (text) => {
    const read = parseHours(text);
    expect(read.ok && formatHours(read.value)).toBe('24/7');
  });

  it.each([
    ['', 'no days'],
    ['9-5', 'not days and times'],
    ['Mon-Fri 9-5', 'no span of time'],
    ['Mon-Fri 9:00-25:00', 'no span of time'],
    ['Mon 9:00-17:60', 'no span of time'],
    ['Mon 13pm-14pm', 'no span of time'],
    ['Mon-Fri 9:00-17:00; Fri 9:00-12:00', 'Fri is given twice'],
    ['Mon 9:00-12:00, 11:00-14:00', 'overlap'],
    ['Funday 9:00-17:00', 'names no days'],
    ['Mon-Wed-Fri 9:00-17:00', 'names no days'],
    [`Mon 9:00-17:00${' '.repeat(10)}; Tue 9:00-17:00`.padEnd(501, ';x'), 'at most 500'],
  ])('"%s" is refused: %s', (text, reason) => {
    expect(parseHours(text)).toEqual({ ok: false, error: expect.stringContaining(reason) });
  });

  it('written out and read again are the same', () => {
    const span = fc
      .tuple(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 1, max: 1440 }))
      .map(([opens, long]): OpenSpan => [opens, opens + long]);
    const week = fc.array(fc.oneof(fc.constant([]), fc.tuple(span)), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(week, (hours) => {
        expect(parseHours(formatHours(hours))).toEqual(ok(hours));
      }),
    );
  });

  it('whatever is typed, an answer comes and never more than a week', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[MonTueFriSat0-9:;,& -]{0,40}$/)), (text) => {
        const read = parseHours(text);
        expect(read.ok ? read.value.length : read.error.length > 0).toBe(read.ok ? 7 : true);
      }),
    );
  });
});
