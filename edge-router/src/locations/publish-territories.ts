import { findTerritoryVersion } from '../../../db/queries/find-territory-version.ts';
import { publishTerritories } from '../../../db/queries/publish-territories.ts';
import { readTerritoryVersions } from '../../../db/queries/read-territory-versions.ts';
import { restoreTerritories } from '../../../db/queries/restore-territories.ts';
import type { TerritoryVersionRow } from '../../../db/queries/territory-version-row.ts';
import type { AppDeps } from '../deps.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { territoryReportSchema, type TerritoryReport } from './rules/territory-report.ts';

type Deps = Pick<AppDeps, 'database' | 'nowMs'>;

/** Every copy of the directory carries those that wait for their time. */
const MAX_SCHEDULED = 5;
const notFound: ApiError = { kind: 'not_found', what: 'version of the territories' };

export interface TerritoryPublication {
  readonly version: number;
  /** ISO 8601; undefined is now. */
  readonly effectiveAt: string | undefined;
  readonly allowOverlaps: boolean;
}

/**
 * Publishes a draft. A version that is published already is answered as it is, unless another time was asked for.
 * @returns `not_found`, `invalid_input` for a time gone by, or `conflict`: overlaps that were not allowed, too many
 * versions that wait for their time
 */
export async function publishTerritoryDraft(
  deps: Deps,
  { version, effectiveAt, allowOverlaps }: TerritoryPublication,
): Promise<Result<TerritoryVersionRow, ApiError>> {
  const found = await findTerritoryVersion(deps.database, version);
  if (!found) return err(notFound);
  if (found.status === 'published') return answerPublished(found, effectiveAt);
  const effectiveAtMs = readEffectiveAtMs(deps, effectiveAt);
  if (!effectiveAtMs.ok) return effectiveAtMs;
  const report = territoryReportSchema.parse(found.report);
  const refused = await checkPublication(deps, { report, allowOverlaps, effectiveAtMs: effectiveAtMs.value });
  if (refused) return err(refused);
  const at = new Date(effectiveAtMs.value).toISOString();
  const published = await publishTerritories(deps.database, { version, effectiveAt: at });
  if (published) return ok(published);
  const meanwhile = await findTerritoryVersion(deps.database, version);
  return meanwhile ? answerPublished(meanwhile, effectiveAt) : err(notFound);
}

/**
 * Undoes what came after a version: its rows are published again, under the next version, from now or a time on.
 * @returns `not_found`, `invalid_input` for a time gone by, or `conflict` for a draft
 */
export async function restoreTerritoryVersion(
  deps: Deps,
  { version, effectiveAt }: Pick<TerritoryPublication, 'version' | 'effectiveAt'>,
): Promise<Result<TerritoryVersionRow, ApiError>> {
  const effectiveAtMs = readEffectiveAtMs(deps, effectiveAt);
  if (!effectiveAtMs.ok) return effectiveAtMs;
  const refused = await checkScheduled(deps, effectiveAtMs.value);
  if (refused) return err(refused);
  const at = new Date(effectiveAtMs.value).toISOString();
  const made = await restoreTerritories(deps.database, { version, effectiveAt: at });
  const restored = made === null ? null : await findTerritoryVersion(deps.database, made);
  if (restored) return ok(restored);
  if (!(await findTerritoryVersion(deps.database, version))) return err(notFound);
  return err({ kind: 'conflict', detail: `Version ${version} is a draft: publish it.` });
}

/** Milliseconds of a time that has not gone by; now where none is given. */
export function readEffectiveAtMs(
  deps: Pick<Deps, 'nowMs'>,
  effectiveAt: string | undefined,
): Result<number, ApiError> {
  const nowMs = deps.nowMs();
  const effectiveAtMs = effectiveAt === undefined ? nowMs : Date.parse(effectiveAt);
  if (effectiveAtMs >= nowMs) return ok(effectiveAtMs);
  const message = 'This time has gone by; leave it out for now.';
  return err(invalidInput([{ field: 'effectiveAt', code: 'in_the_past', message }]));
}

/** @returns `conflict` for overlaps that were not allowed, or too many versions that wait for their time; else null */
export async function checkPublication(
  deps: Deps,
  publication: { readonly report: TerritoryReport; readonly allowOverlaps: boolean; readonly effectiveAtMs: number },
): Promise<ApiError | null> {
  const overlaps = publication.allowOverlaps ? null : checkOverlaps(publication.report);
  return overlaps ?? checkScheduled(deps, publication.effectiveAtMs);
}

function checkOverlaps({ overlaps }: TerritoryReport): ApiError | null {
  if (overlaps.total === 0) return null;
  const errors = overlaps.shown.map(({ rows, territories, franchiseCodes, postalCodes, examples }) => ({
    row: rows[1],
    column: 'Postal Code',
    value: territories[1].replace('zip_range ', ''),
    code: 'overlap',
    message: `${franchiseCodes[1]} shares ${postalCodes} postal codes (${examples.join(', ')}) with row ${rows[0]}, ${territories[0].replace('zip_range ', '')} of ${franchiseCodes[0]}`,
  }));
  const detail = `Ranges of different owners overlap: see "errors". Mend them, or publish with allowOverlaps, and the narrower range comes first. Nothing was published.`;
  return { kind: 'conflict', detail, errors };
}

async function checkScheduled(deps: Deps, effectiveAtMs: number): Promise<ApiError | null> {
  const nowMs = deps.nowMs();
  if (effectiveAtMs <= nowMs) return null;
  const versions = await readTerritoryVersions(deps.database, new Date(nowMs).toISOString());
  const waiting = versions.filter((each) => each.effectiveAtMs > nowMs).length;
  if (waiting < MAX_SCHEDULED) return null;
  return { kind: 'conflict', detail: `${waiting} versions wait for their time already, which is as many as may.` };
}

function answerPublished(
  found: TerritoryVersionRow,
  effectiveAt: string | undefined,
): Result<TerritoryVersionRow, ApiError> {
  const isSame = effectiveAt === undefined || Date.parse(effectiveAt) === Date.parse(found.effectiveAt ?? '');
  if (isSame) return ok(found);
  const detail = `Version ${found.version} is published for another time, and never changes.`;
  return err({ kind: 'conflict', detail });
}
