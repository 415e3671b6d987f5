import { join } from 'node:path';
import { hasPackages, installPackages } from '../npm.ts';
import { logFileOf, PROJECT } from '../stack/local-folder.ts';

const FOLDER = join(PROJECT, 'n8n-nodes');
const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** The tools that lint, build and test the package: 700 MB, once. */
export async function provideNodeTools(report: (doing: string) => void): Promise<void> {
  if (hasPackages(FOLDER)) return;
  const logFile = logFileOf('n8n-nodes-install');
  report(`installing the tools of n8n-nodes/: 700 MB, a minute, once (npm's output: ${logFile})`);
  await installPackages({ folder: FOLDER, logFile, timeoutMs: INSTALL_TIMEOUT_MS });
}
