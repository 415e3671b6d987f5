import { expect, test } from 'vitest';
import { parseOnboardOptions } from './options.ts';

test('a file alone is planned, asked about, and all or nothing', () => {
  expect(parseOnboardOptions(['new.csv'])).toEqual({
    ok: true,
    value: {
      file: 'new.csv',
      isDryRun: false,
      isConfirmed: false,
      onInvalid: 'reject',
      onFailure: 'keep',
      mapping: null,
      emailRule: null,
      name: null,
    },
  });
});

test('everything may be said', () => {
  const args = [
    '--dry-run',
    'new.csv',
    '--yes',
    '--on-invalid',
    'skip',
    '--on-failure',
    'roll-back',
    '--mapping',
    'ours',
  ];
  expect(parseOnboardOptions([...args, '--email-rule', '{franchiseCode}@x.example', '--name', 'spring'])).toMatchObject(
    {
      value: {
        isDryRun: true,
        isConfirmed: true,
        onInvalid: 'skip',
        onFailure: 'roll_back',
        mapping: 'ours',
        name: 'spring',
      },
    },
  );
});

test.each([
  [[], 'Name one file.'],
  [['a.csv', 'b.csv'], 'Name one file.'],
  [['a.csv', '--on-invalid', 'maybe'], '--on-invalid is reject or skip, not "maybe".'],
  [['a.csv', '--force'], "Unknown option '--force'."],
])('%j is refused in one line', (args, start) => {
  const options = parseOnboardOptions(args);
  expect(options.ok ? '' : options.error).toContain(start);
  expect(options.ok ? '\n' : options.error).not.toContain('\n');
});
