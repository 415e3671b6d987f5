import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { provideSecrets } from './secrets.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('they are made once, long, all different, for their owner only, and then stay', () => {
  const file = join(folder, 'secrets.json');
  const made = provideSecrets(file);
  expect(provideSecrets(file)).toEqual(made);
  expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length);
  for (const secret of Object.values(made)) expect(secret.length).toBeGreaterThanOrEqual(43);
  expect(made.apiKey).toMatch(/^swy_/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a secret that an older checkout did not have is added and the others stay', () => {
  const file = join(folder, 'secrets.json');
  writeFileSync(file, JSON.stringify({ apiKey: 'swy_kept', fromLater: 'kept too' }));
  expect(provideSecrets(file).apiKey).toBe('swy_kept');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ apiKey: 'swy_kept', fromLater: 'kept too' });
});

test.each(['', '{"apiKey": 7}', '[]'])('a damaged file (%j) is refused with its name', (text) => {
  const file = join(folder, 'secrets.json');
  writeFileSync(file, text);
  expect(() => provideSecrets(file)).toThrow(`${file} is damaged`);
});
