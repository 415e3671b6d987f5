import { describe, expect, it } from 'vitest';
import { parseFlowLimits } from './flow-control.ts';

describe('flow-control limits', () => {
  it.each([
    ['parallelism=5', { parallelism: 5, rate: undefined, periodSeconds: 1 }],
    ['rate=10', { parallelism: undefined, rate: 10, periodSeconds: 1 }],
    ['parallelism=5, rate=10, period=1m', { parallelism: 5, rate: 10, periodSeconds: 60 }],
    ['Rate=20,Parallelism=10', { parallelism: 10, rate: 20, periodSeconds: 1 }],
    ['rate=1,period=90', { parallelism: undefined, rate: 1, periodSeconds: 90 }],
    ['rate=1,period=7d', { parallelism: undefined, rate: 1, periodSeconds: 604_800 }],
  ])('%s', (text, expected) => {
    expect(parseFlowLimits(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    '',
    'period=1m',
    'rate=0',
    'rate=-1',
    'rate=x',
    'parallelism=1.5',
    'rate=1,period=8d',
    'rate=1,period=0s',
    'speed=9',
  ])('refuses %j', (text) => {
    expect(parseFlowLimits(text).ok).toBe(false);
  });
});
