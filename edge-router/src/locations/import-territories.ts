import { findLocationsByCode } from '../../../db/queries/find-locations-by-code.ts';
import { findTerritoryVersion } from '../../../db/queries/find-territory-version.ts';
import { importTerritoryRows } from '../../../db/queries/import-territories.ts';
import { readFranchiseCodes } from '../../../db/queries/read-franchise-codes.ts';
import type { AppDeps } from '../deps.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError, InputError } from '../http/problem.ts';
import type { Table } from '../http/table-body.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { DirectoryHolder } from './directory-holder.ts';
import { listWarnings, refreshDirectory } from './import-locations.ts';
import { checkPublication, readEffectiveAtMs } from './publish-territories.ts';
import type { Directory } from './rules/directory.ts';
import { reportTerritories, type TerritoryReport } from './rules/territory-report.ts';
import {
  parseTerritoryCsv,
  parseTerritoryRows,
  type TerritoryInput,
  type TerritoryRowsResult,
} from './rules/territory-rows.ts';
import { showTerritoryVersion, type ShownTerritoryVersion } from './shown-territory-version.ts';
import { readTerritoriesInEffect } from './territories-in-effect.ts';

export interface TerritoryImportRequest {
  readonly table: Table;
  /** Take postal codes that the table lacks (it is older than the newest of them), with a warning each. */
  readonly allowUnknown: boolean;
  /** Null stores a draft; `effectiveAt` undefined is now. */
  readonly publish: { readonly effectiveAt: string | undefined; readonly allowOverlaps: boolean } | null;
}

export type ImportTerritoriesAnswer = ShownTerritoryVersion & {
  readonly warnings: readonly InputError[];
  readonly report: TerritoryReport;
};

type Deps = Pick<AppDeps, 'database' | 'postalCodes' | 'nowMs' | 'log'> & { readonly directory: DirectoryHolder };

/**
 * Stores a file of territories as the next version, all rows or none, with a report of its overlaps and gaps. A draft
 * changes nothing for leads; published at once, the directory follows before the answer.
 * @returns `invalid_input` with every bad cell, or `conflict` for overlaps that were not allowed; nothing is stored then
 */
export async function importTerritories(
  deps: Deps,
  { table, allowUnknown, publish }: TerritoryImportRequest,
): Promise<Result<ImportTerritoriesAnswer, ApiError>> {
  const context = { postalCodes: deps.postalCodes, allowUnknown };
  const parsed =
    table.kind === 'csv' ? parseTerritoryCsv(table.text, context) : parseTerritoryRows(table.rows, context);
  if (parsed.errors.length > 0) return err(invalidInput(parsed.errors));
  const effectiveAtMs = readEffectiveAtMs(deps, publish?.effectiveAt);
  if (!effectiveAtMs.ok) return effectiveAtMs;
  const made = await makeReport(deps, { territories: parsed.territories, atMs: effectiveAtMs.value });
  if (!made.ok) return made;
  const report = made.value;
  const refused = publish && (await checkPublication(deps, { ...publish, report, effectiveAtMs: effectiveAtMs.value }));
  if (refused) return err(refused);
  const publishAt = publish && new Date(effectiveAtMs.value).toISOString();
  const isNow = publish !== null && publish.effectiveAt === undefined;
  const stored = await importTerritoryRows(deps.database, { rows: parsed.territories, report, publishAt, isNow });
  if (stored.kind === 'unknown_locations') {
    return err(invalidInput(nameUnknownOwners(parsed.territories, new Set(stored.unknownFranchiseCodes))));
  }
  if (publish) await refreshDirectory(deps);
  return ok(await describeImport(deps, { version: stored.version, parsed, report }));
}

async function describeImport(
  deps: Deps,
  { version, parsed, report }: { version: number; parsed: TerritoryRowsResult; report: TerritoryReport },
): Promise<ImportTerritoriesAnswer> {
  const found = await findTerritoryVersion(deps.database, version);
  if (!found) throw new Error('a version that was stored is not there');
  const { report: _stored, ...shown } = await showTerritoryVersion(deps, found);
  return { ...shown, warnings: listWarnings(parsed), report };
}

async function makeReport(
  deps: Deps,
  { territories, atMs }: { territories: readonly TerritoryInput[]; atMs: number },
): Promise<Result<TerritoryReport, ApiError>> {
  const codes = [...new Set(territories.map(({ franchiseCode }) => franchiseCode.toLowerCase()))];
  const [found, directory] = await Promise.all([
    findLocationsByCode(deps.database, codes),
    readTerritoriesInEffect(deps, atMs),
  ]);
  const owners = new Map(found.map(({ code, id, active }) => [code, { id, active }]));
  const unknown = new Set(codes.filter((code) => !owners.has(code)));
  if (unknown.size > 0) return err(invalidInput(nameUnknownOwners(territories, unknown)));
  const franchiseCodes = new Map(territories.map(({ franchiseCode }) => [franchiseCode.toLowerCase(), franchiseCode]));
  const names = new Map(found.map(({ code, id }) => [id, franchiseCodes.get(code) ?? code]));
  for (const { id, code } of await readFranchiseCodes(deps.database, listOwners(directory))) names.set(id, code);
  const { moment } = directory.territories;
  return ok(
    reportTerritories({
      territories,
      owners,
      before: directory.territories,
      franchiseCodes: names,
      postalCodes: deps.postalCodes,
      day: moment.day,
    }),
  );
}

function listOwners(directory: Directory): string[] {
  return [...new Set(directory.territoryRows.map(([, , locationId]) => locationId))];
}

/** `unknown` in any case. */
function nameUnknownOwners(territories: readonly TerritoryInput[], unknown: ReadonlySet<string>): InputError[] {
  const codes = new Set([...unknown].map((code) => code.toLowerCase()));
  return territories.flatMap(({ row, franchiseCode }) => {
    if (!codes.has(franchiseCode.toLowerCase())) return [];
    const message = 'No location has this franchise code';
    return [{ row, column: 'Franchise Code', value: franchiseCode, code: 'unknown_franchise_code', message }];
  });
}
