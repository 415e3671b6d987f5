// npm run reset: stops a running stack and removes everything it has kept. Installed packages stay.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removePostgresData } from './postgres.ts';
import { localPaths, PROJECT } from './stack/local-folder.ts';
import { stopRunningStack } from './stack/running-stack.ts';

/** Only what the stack itself makes: SWITCHYARD_LOCAL_DIR may name a folder that holds other things too. */
function listKept(): string[] {
  const { redis, qstash, highlevel } = localPaths;
  const journals = [qstash, highlevel].flatMap((file) => [`${file}-wal`, `${file}-shm`]);
  const besides = [`${redis}.log`, ...journals, join(PROJECT, '.wrangler')];
  return [...Object.values(localPaths), ...besides].filter((path) => existsSync(path));
}

try {
  const stopped = await stopRunningStack();
  if (stopped !== null) console.log(`Stopped the running stack (process ${stopped}).`);
  const kept = listKept();
  // Its data may lie outside the folder, where PostgreSQL's own account can reach it.
  removePostgresData(localPaths.postgres);
  for (const path of kept) rmSync(path, { recursive: true, force: true });
  console.log(kept.length === 0 ? 'There was nothing to remove.' : `Removed:\n  ${kept.join('\n  ')}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
