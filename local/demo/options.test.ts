import { expect, test } from 'vitest';
import { parseDemoOptions } from './options.ts';

test('nothing given means the examples and 1,000 leads', () => {
  const options = parseDemoOptions([]);
  expect(options).toMatchObject({ ok: true, value: { leads: 1000, seed: null } });
  expect(options.ok && options.value.territories).toMatch(/territories-100\.csv$/);
});

test('a locations file of one’s own leaves the territories as they are', () => {
  expect(parseDemoOptions(['--locations', 'mine.csv'])).toMatchObject({
    ok: true,
    value: { locations: 'mine.csv', territories: null },
  });
});

test.each([
  [['--leads', '0'], '--leads is a whole number from 1'],
  [['--concurrency', '1e2'], '--concurrency is a whole number from 1'],
  [['--speed', '9'], "Unknown option '--speed'"],
])('%j is refused in one line', (args, start) => {
  const options = parseDemoOptions(args);
  expect(options.ok ? '' : options.error).toContain(start);
  expect(options.ok ? '\n' : options.error).not.toContain('\n');
});
