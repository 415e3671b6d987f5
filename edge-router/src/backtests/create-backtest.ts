import { createBacktest, type NewBacktest } from '../../../db/queries/create-backtest.ts';
import type { BacktestSelection, BacktestSide } from '../../../db/queries/backtest-row.ts';
import { countPastLeads } from '../../../db/queries/count-past-leads.ts';
import { findRules } from '../../../db/queries/find-rules.ts';
import { findTerritoryVersion } from '../../../db/queries/find-territory-version.ts';
import { readActiveRules } from '../../../db/queries/read-active-rules.ts';
import { readTerritoryVersions } from '../../../db/queries/read-territory-versions.ts';
import { invalidInput } from '../http/body.ts';
import { hashText } from '../http/hash.ts';
import type { ApiError, InputError } from '../http/problem.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { BacktestDeps } from './backtest-deps.ts';
import { askForSlice, BACKTEST_DUE_SECONDS } from './backtest-messages.ts';
import type { UploadedLead } from './rules/lead-rows.ts';

const MAX_RUNNING = 5;
const MAX_LEADS = 1_000_000;

export interface BacktestRequest {
  readonly name: string | null;
  readonly selection: BacktestSelection;
  /** Of a file; none where leads are stored ones. */
  readonly leads: readonly UploadedLead[];
  readonly before: 'assigned' | 'in_effect';
  /** Versions; null is the one in effect. */
  readonly rules: number | null;
  readonly territories: number | null;
  /** ISO 8601, for the versions and days of territories; null is now. */
  readonly at: string | null;
}

/**
 * Begins a backtest. What its sides go by is written down as it is now: a draft that is replaced or published meanwhile changes nothing.
 * @returns its id; `invalid_input` for versions that are not there, `conflict` where it cannot run now
 */
export async function beginBacktest(
  deps: BacktestDeps,
  request: BacktestRequest,
  background: RunInBackground,
): Promise<Result<string, ApiError>> {
  const at = new Date(request.at === null ? deps.nowMs() : Date.parse(request.at)).toISOString();
  const sides = await readSides(deps, request, at);
  if (!sides.ok) return sides;
  const counted = await countLeads(deps, request);
  if (!counted.ok) return counted;
  const directory = await deps.readDirectory(background);
  const backtestId = deps.newId();
  const backtest: NewBacktest = {
    backtestId,
    name: request.name,
    selection: request.selection,
    ...sides.value,
    at,
    directoryVersion: directory.version,
    total: counted.value,
    leads: request.leads.map((lead) => ({ ...lead, person: hashPerson(lead, backtestId) })),
    maxRunning: MAX_RUNNING,
    dueSeconds: BACKTEST_DUE_SECONDS,
  };
  if (!(await createBacktest(deps.database, backtest))) {
    return err({ kind: 'conflict', detail: `${MAX_RUNNING} backtests run already: wait for one, or cancel it.` });
  }
  await askForSlice(deps, { backtestId, slice: 0 });
  return ok(backtestId);
}

/** What a file calls a person is stored nowhere. */
function hashPerson({ person }: UploadedLead, backtestId: string): string | null {
  return person === null ? null : hashText(`${backtestId}${person.toLowerCase()}`);
}

async function countLeads(
  deps: BacktestDeps,
  { selection, leads }: BacktestRequest,
): Promise<Result<number, ApiError>> {
  if (selection.kind === 'file') return ok(leads.length);
  const count = await countPastLeads(deps.database, { selection, limit: MAX_LEADS + 1 });
  if (count <= MAX_LEADS) return ok(count);
  const message = `A backtest takes at most ${MAX_LEADS.toLocaleString('en-US')} leads: choose a shorter time.`;
  return err(invalidInput([{ field: 'from', code: 'too_many_leads', message }]));
}

async function readSides(
  deps: BacktestDeps,
  request: BacktestRequest,
  at: string,
): Promise<Result<{ before: BacktestSide; after: BacktestSide }, ApiError>> {
  const [ownRules, ownTerritories] = await Promise.all([
    readActiveRules(deps.database, at),
    findOwnTerritories(deps, at),
  ]);
  const errors: InputError[] = [];
  const rules = request.rules === null ? ownRules : await findRules(deps.database, request.rules);
  if (!rules) errors.push(unknownVersion('rules', 'rules'));
  const draft = request.territories === null ? null : await findTerritoryVersion(deps.database, request.territories);
  if (request.territories !== null && !draft) errors.push(unknownVersion('territories', 'territories'));
  if (errors.length > 0 || !rules) return err(invalidInput(errors));
  const territories = draft ? { version: draft.version, rowsVersion: draft.restores ?? draft.version } : ownTerritories;
  const after = { kind: 'rules' as const, rules: { version: rules.version, document: rules.document }, territories };
  const inEffect = { kind: 'rules' as const, rules: ownRules, territories: ownTerritories };
  return ok({ before: request.before === 'assigned' ? { kind: 'assigned' } : inEffect, after });
}

function unknownVersion(field: string, what: string): InputError {
  return { field, code: 'unknown_version', message: `There is no such version of the ${what}.` };
}

async function findOwnTerritories({ database }: BacktestDeps, at: string): Promise<Territories> {
  const versions = await readTerritoryVersions(database, at);
  const own = versions.findLast(({ effectiveAtMs }) => effectiveAtMs <= Date.parse(at));
  return own ? { version: own.version, rowsVersion: own.rowsVersion } : null;
}

type Territories = Extract<BacktestSide, { kind: 'rules' }>['territories'];
