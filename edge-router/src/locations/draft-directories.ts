import { readTerritories } from '../../../db/queries/read-territories.ts';
import type { AppDeps } from '../deps.ts';
import type { Rules } from '../leads/rules/routing-rules.ts';
import type { DirectoryHolder, RunInBackground } from './directory-holder.ts';
import { activateDue, applyDirectoryChange, pickVersions, type Directory } from './rules/directory.ts';
import type { TerritoryRow } from './rules/territory-index.ts';

/** What a directory is to be like that is not in effect. */
export interface DraftAsk {
  readonly rules: Rules;
  /** Null: nobody owns anything. */
  readonly territories: { readonly version: number; readonly rowsVersion: number } | null;
  /** The moment whose day territories are looked at. */
  readonly atMs: number;
}

export interface DraftDirectories {
  /** The locations as they are now, with these rules and territories. Null past `DIRECTORY_MAX_LOCATIONS`. */
  readonly read: (ask: DraftAsk, background: RunInBackground) => Promise<Directory | null>;
}

const TERRITORIES_PER_PAGE = 20_000;
/** As many rows as a version may have. */
const MAX_PAGES = 10;
/** The two sides of a backtest. */
const MAX_KEPT = 2;
const DAY_MS = 86_400_000;

/** Directories by versions that are not in effect; the last two are kept, since a backtest asks for them with each slice. */
export function createDraftDirectories(
  deps: Pick<AppDeps, 'database' | 'config'> & { readonly directory: DirectoryHolder },
): DraftDirectories {
  const kept = new Map<string, Directory>();
  return {
    read: async (ask, background) => {
      const base = await deps.directory.current(background);
      if (deps.directory.status().locations > deps.config.directoryMaxLocations) return null;
      const key = JSON.stringify([base.version, ask]);
      const known = kept.get(key);
      if (known) return known;
      const made = await makeDraft(deps, base, ask);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(key, made);
      return made;
    },
  };
}

async function makeDraft(
  deps: Pick<AppDeps, 'database'>,
  base: Directory,
  { rules, territories, atMs }: DraftAsk,
): Promise<Directory> {
  const rows = territories ? await readRows(deps, { rowsVersion: territories.rowsVersion, atMs }) : [];
  const versions = territories ? [{ ...territories, effectiveAtMs: 0 }] : [];
  const change = { changedLocations: [], territories: rows, territoryVersions: versions, rules, scheduledRules: [] };
  return activateDue(applyDirectoryChange(base, { ...pickVersions(base), ...change }), atMs);
}

async function readRows(
  { database }: Pick<AppDeps, 'database'>,
  { rowsVersion, atMs }: { rowsVersion: number; atMs: number },
): Promise<TerritoryRow[]> {
  const since = new Date(atMs - 2 * DAY_MS).toISOString().slice(0, 10);
  const territories: TerritoryRow[] = [];
  let after: { kind: string; value: string } | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const rows: readonly TerritoryRow[] = await readTerritories(database, {
      versions: [rowsVersion],
      hasTimeBefore: false,
      since,
      after,
      limit: TERRITORIES_PER_PAGE,
    });
    for (const row of rows) territories.push(row);
    const last = rows.at(-1);
    if (!last || rows.length < TERRITORIES_PER_PAGE) return territories;
    after = { kind: last[0], value: last[1] };
  }
  throw new Error('more territories than a version can have');
}
