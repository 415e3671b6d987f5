import { readTerritoryVersions } from '../../../db/queries/read-territory-versions.ts';
import type { TerritoryVersionRow } from '../../../db/queries/territory-version-row.ts';
import type { AppDeps } from '../deps.ts';

export type ShownTerritoryVersion = Omit<TerritoryVersionRow, 'report'> & {
  /** Whether leads are routed by it at the moment. */
  readonly inEffect: boolean;
};

type Deps = Pick<AppDeps, 'database' | 'nowMs'>;

export async function readTerritoryVersionInEffect(deps: Deps): Promise<number | null> {
  const nowMs = deps.nowMs();
  const versions = await readTerritoryVersions(deps.database, new Date(nowMs).toISOString());
  return versions.findLast(({ effectiveAtMs }) => effectiveAtMs <= nowMs)?.version ?? null;
}

/** A version as the API shows it. */
export async function showTerritoryVersion<Row extends { readonly version: number }>(
  deps: Deps,
  row: Row,
): Promise<Row & { readonly inEffect: boolean }> {
  return { ...row, inEffect: row.version === (await readTerritoryVersionInEffect(deps)) };
}
