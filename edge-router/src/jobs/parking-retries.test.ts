import { expect, it } from 'vitest';
import { createParkingRetries } from './parking-retries.ts';

it('parked leads are tried by another run when one was cut off with its request', async () => {
  let nowMs = 1_000_000;
  let runs = 0;
  const current = (): Promise<unknown> => (++runs === 1 ? new Promise(() => {}) : Promise.resolve({ version: 1 }));
  const deps = {
    database: { execute: () => Promise.resolve({ rows: [] }) },
    directory: { current },
    nowMs: () => nowMs,
    log: () => {},
  } as unknown as Parameters<typeof createParkingRetries>[0];
  const retries = createParkingRetries(deps);
  retries.start(() => {});
  await Promise.resolve();
  expect(runs).toBe(1);
  nowMs += 60_000;
  expect(await retries.run()).toEqual({ tried: 0, assigned: 0 });
});
