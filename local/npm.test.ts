import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPackages, runNpm } from './npm.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-npm-'));
  mkdirSync(join(folder, 'node_modules'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, packages: object): void {
  writeFileSync(join(folder, file), JSON.stringify({ packages }));
}

describe('packages', () => {
  const wanted = {
    '': { name: 'x' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/mac-only': { version: '1.0.0', integrity: 'sha512-m', optional: true },
    'node_modules/win-only': { version: '1.0.0', integrity: 'sha512-w', extraneous: true },
  };

  it.each([
    [
      'are there, whatever other platforms have',
      { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } },
      true,
    ],
    ['are not there', {}, false],
    ['are of another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' } }, false],
    ['are of another content', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }, false],
  ])('%s', (_name, present, expected) => {
    write('package-lock.json', wanted);
    write('node_modules/.package-lock.json', present);
    expect(hasPackages(folder)).toBe(expected);
  });

  it('are not there before npm has ended', () => {
    write('package-lock.json', wanted);
    expect(hasPackages(folder)).toBe(false);
  });
});

it('an npm that fails says how, where its log is, and how that ends', async () => {
  write('package.json', {});
  const logFile = join(folder, 'npm.log');
  const run = runNpm({ args: ['run', 'no-such-script'], folder, logFile, timeoutMs: 60_000 });
  await expect(run).rejects.toThrow(
    /npm run no-such-script ended with code 1\. .*npm\.log ends with:\n[^]*no-such-script/,
  );
  expect(readFileSync(logFile, 'utf8')).toContain('Missing script');
});
