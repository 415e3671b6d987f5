import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAlarms } from './alarms.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function createRingingAlarms() {
  const rung: string[] = [];
  const alarms = createAlarms(Date.now);
  const set = (name: string, atMs: number) => alarms.set(atMs, () => rung.push(name));
  return { alarms, rung, set };
}

describe('alarms', () => {
  it('ring in the order of their times, with one timer for all', () => {
    const { rung, set } = createRingingAlarms();
    set('late', 3_000);
    set('early', 2_000);
    for (let n = 0; n < 1_000; n++) set('middle', 2_500);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(rung).toEqual(['early']);
    vi.advanceTimersByTime(1_000);
    expect([rung.length, rung.at(-1)]).toEqual([1_002, 'late']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ring on the next turn when their time has passed, never at once', () => {
    const { rung, set } = createRingingAlarms();
    set('past', 1);
    expect(rung).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rung).toEqual(['past']);
  });

  it('ring after months', () => {
    const { rung, set } = createRingingAlarms();
    set('far', 1_000 + 90 * 86_400_000);
    vi.advanceTimersByTime(90 * 86_400_000);
    expect(rung).toEqual(['far']);
  });

  it('do not ring when cancelled or stopped', () => {
    const { alarms, rung, set } = createRingingAlarms();
    alarms.cancel(set('cancelled', 1_100));
    set('kept', 1_200);
    set('stopped', 1_300);
    vi.advanceTimersByTime(250);
    alarms.stop();
    set('after', 1_260);
    vi.advanceTimersByTime(1_000);
    expect(rung).toEqual(['kept']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
