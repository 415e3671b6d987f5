import type { AppDeps } from '../deps.ts';
import { createPostgresDirectorySource } from './postgres-directory-source.ts';
import { activateDue, buildDirectory, type Directory } from './rules/directory.ts';

/** The directory's territories at a moment, as Postgres has them now; it holds no locations. */
export async function readTerritoriesInEffect(
  deps: Pick<AppDeps, 'database' | 'nowMs'>,
  atMs: number,
): Promise<Directory> {
  const source = createPostgresDirectorySource(deps);
  const [thin, territories] = await Promise.all([source.readThin(), source.readTerritories()]);
  return activateDue(buildDirectory({ ...thin, locations: [], territories }), atMs);
}
