// The system's own Chromium, installed by its package manager where there is none and we may.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const INSTALL_TIMEOUT_MS = 5 * 60_000;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const APT_STEPS = [
  ['-o', 'DPkg::Lock::Timeout=120', 'update', '-qq'],
  ['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'],
];

/** @returns the program's file. Throws one clear line that says what to install. */
export function provideChromium(): string {
  const found = findChromium();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && findOnPath('apt-get') !== null) {
    console.log('Installing Chromium with apt-get.');
    for (const args of APT_STEPS) {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8', timeout: INSTALL_TIMEOUT_MS });
      if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${stderr}`);
    }
  }
  const installed = findChromium();
  if (installed !== null) return installed;
  throw new Error('There is no Chromium: install it so that chromium is on PATH (sudo apt-get install chromium).');
}

function findChromium(): string | null {
  return NAMES.map(findOnPath).find((file) => file !== null) ?? null;
}

function findOnPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}
