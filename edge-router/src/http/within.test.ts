import { expect, it } from 'vitest';
import { within } from './within.ts';

it('answers what the call answers, or fails as it does', async () => {
  expect(await within(1000, Promise.resolve(7))).toBe(7);
  await expect(within(1000, Promise.reject(new TypeError('no route')))).rejects.toThrow('no route');
});

it('fails by itself where no answer comes', async () => {
  await expect(within(10, new Promise(() => {}))).rejects.toMatchObject({ name: 'TimeoutError' });
});
