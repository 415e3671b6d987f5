import { expect, test } from 'vitest';
import { parseStartOptions } from './options.ts';

test('the stack is served with the demonstration unless it is told otherwise', () => {
  expect(parseStartOptions([])).toEqual({ ok: true, value: { action: 'serve', withDemo: true, withN8n: true } });
  expect(parseStartOptions(['--no-demo', '--no-n8n'])).toEqual({
    ok: true,
    value: { action: 'serve', withDemo: false, withN8n: false },
  });
  expect(parseStartOptions(['--stop'])).toMatchObject({ value: { action: 'stop' } });
});

test('an unknown flag is refused in one line that says which there are', () => {
  const options = parseStartOptions(['--no-dmeo']);
  expect(options.ok ? '' : options.error).toBe(
    "Unknown option '--no-dmeo'. npm start takes: --no-demo, --no-n8n, --stop.",
  );
});
