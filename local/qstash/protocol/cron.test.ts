import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from './cron.ts';

function nextIso(source: string, after: string): string | undefined {
  const parsed = parseCron(source);
  if (!parsed.ok) throw new Error(parsed.error);
  const nextMs = parsed.value.nextAfterMs(Date.parse(after));
  return nextMs === undefined ? undefined : new Date(nextMs).toISOString();
}

describe('cron', () => {
  it.each([
    ['*/5 * * * *', '2026-11-23T10:02:30Z', '2026-11-23T10:05:00.000Z'],
    ['*/5 * * * *', '2026-11-23T10:05:00Z', '2026-11-23T10:10:00.000Z'],
    ['0 9 * * 1', '2026-11-24T00:00:00Z', '2026-11-30T09:00:00.000Z'],
    ['0 0 1 1 *', '2026-11-23T00:00:00Z', '2027-01-01T00:00:00.000Z'],
    ['  30 6 * * *  ', '2026-11-23T07:00:00Z', '2026-11-24T06:30:00.000Z'],
    ['CRON_TZ=America/New_York 0 9 * * *', '2026-11-23T00:00:00Z', '2026-11-23T14:00:00.000Z'],
    ['CRON_TZ=America/New_York 0 9 * * *', '2026-07-01T00:00:00Z', '2026-07-01T13:00:00.000Z'],
  ])('%s after %s is %s', (source, after, expected) => {
    expect(nextIso(source, after)).toBe(expected);
  });

  it('takes day of month and day of week as alternatives, as cron always did', () => {
    expect(nextIso('0 0 13 * 5', '2026-11-01T00:00:00Z')).toBe('2026-11-06T00:00:00.000Z');
  });

  it('runs once on the night the clock is put forward', () => {
    const source = 'CRON_TZ=America/New_York 30 2 * * *';
    const first = nextIso(source, '2026-03-08T05:00:00Z');
    expect(first).toBe('2026-03-08T07:00:00.000Z');
    expect(nextIso(source, first ?? '')).toBe('2026-03-09T06:30:00.000Z');
  });

  it.each(['', '* * * *', '* * * * * *', '@hourly', '61 * * * *', 'a b c d e', 'CRON_TZ=Mars/Base * * * * *'])(
    'refuses %j',
    (source) => {
      expect(parseCron(source).ok).toBe(false);
    },
  );

  it('answers a whole minute that is later than asked, and nothing matching lies between', () => {
    const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2030, 0, 1) });
    fc.assert(
      fc.property(fc.nat({ max: 59 }), fc.nat({ max: 23 }), instant, (minute, hour, afterMs) => {
        const parsed = parseCron(`${minute} ${hour} * * *`);
        const nextMs = parsed.ok ? parsed.value.nextAfterMs(afterMs) : undefined;
        const sameDayMs = new Date(afterMs).setUTCHours(hour, minute, 0, 0);
        expect(nextMs).toBe(sameDayMs > afterMs ? sameDayMs : sameDayMs + 86_400_000);
      }),
    );
  });
});
