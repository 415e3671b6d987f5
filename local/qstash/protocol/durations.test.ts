import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDurationMs, parseGoDurationMs } from './durations.ts';

describe('parseDurationMs', () => {
  it.each([
    ['50s', 50_000],
    ['1d10h30m', 124_200_000],
    ['0s', 0],
    ['2m', 120_000],
  ])('reads %s as %d ms', (text, expectedMs) => {
    expect(parseDurationMs(text)).toBe(expectedMs);
  });

  it.each(['', '5', 's', '-5s', '1.5h', '5ms', '5 s', '5s,', '1w'])('refuses %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('adds up whatever days, hours, minutes and seconds are written', () => {
    const part = fc.nat({ max: 1_000 });
    fc.assert(
      fc.property(part, part, part, part, (days, hours, minutes, seconds) => {
        const expectedMs = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
        expect(parseDurationMs(`${days}d${hours}h${minutes}m${seconds}s`)).toBe(expectedMs);
      }),
    );
  });
});

describe('parseGoDurationMs', () => {
  it.each([
    ['6m5s', 365_000],
    ['300ms', 300],
    ['1.5h', 5_400_000],
    ['250us', 0.25],
    ['250µs', 0.25],
  ])('reads %s as %d ms', (text, expectedMs) => {
    expect(parseGoDurationMs(text)).toBeCloseTo(expectedMs, 9);
  });

  it.each(['', '12', '-3s', '1d', 'Sun, 27 Jun 2027 12:16:24 GMT'])('refuses %j', (text) => {
    expect(parseGoDurationMs(text)).toBeUndefined();
  });
});
