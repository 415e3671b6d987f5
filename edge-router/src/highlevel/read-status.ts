import { findHighlevelConnection } from '../../../db/queries/find-highlevel-connection.ts';
import { readWebhookCounts } from '../../../db/queries/read-webhook-counts.ts';
import type { AppDeps } from '../deps.ts';
import type { Result } from '../rules/result.ts';
import { getCompany, getInstallation, listInstalledLocations } from './calls/company.ts';
import { listSnapshots, type Snapshot } from './calls/snapshots.ts';
import type { Highlevel } from './highlevel.ts';
import { findMissingScopes } from './rules/app-scopes.ts';
import { judgeBulkRun, type BulkRunFacts, type BulkRunRefusal } from './rules/bulk-run.ts';
import type { HighlevelError } from './rules/failure.ts';

export interface HighlevelStatus {
  readonly connection: BulkRunFacts['connection'];
  /** Why it is not connected: `refresh_token_refused`, `refresh_answer_lost`, `uninstalled`. */
  readonly reason: string | null;
  readonly company: { readonly id: string; readonly name: string | null; readonly locations: number | null } | null;
  readonly plan: string | null;
  readonly scopes: { readonly granted: readonly string[]; readonly missing: readonly string[] };
  readonly installToFutureLocations: boolean | null;
  readonly snapshots: readonly Snapshot[] | null;
  readonly accessExpiresAt: string | null;
  readonly connectedAt: string | null;
  /** What could not be asked, by what it was. */
  readonly failures: Readonly<Record<string, { readonly kind: string; readonly status: number | null }>>;
  readonly bulkRun: { readonly allowed: boolean; readonly refusals: readonly BulkRunRefusal[] };
  /** How today's webhooks ended (UTC). */
  readonly webhooksToday: readonly { outcome: string; reason: string; count: number; lastAt: string }[];
}

const nothing = {
  reason: null,
  company: null,
  plan: null,
  scopes: { granted: [], missing: [] },
  installToFutureLocations: null,
  snapshots: null,
  accessExpiresAt: null,
  connectedAt: null,
  failures: {},
  webhooksToday: [],
} as const;

/** How things stand with HighLevel: what is stored, and four calls. A call that fails is named, and the rest told. */
export async function readHighlevelStatus(
  deps: Pick<AppDeps, 'database'>,
  highlevel: Highlevel | null,
): Promise<HighlevelStatus> {
  if (!highlevel) return { ...nothing, connection: 'not_configured', bulkRun: judge(notConfigured) };
  const caller = highlevel.callerFor({ share: 'interactive', row: 'status' });
  const [company, snapshots, installation, installed, webhooksToday] = await Promise.all([
    getCompany(caller),
    listSnapshots(caller),
    getInstallation(caller),
    listInstalledLocations(caller, { limit: 1 }),
    readWebhookCounts(deps.database),
  ]);
  // Read after the calls: they may have found out that the connection has ended.
  const connection = await findHighlevelConnection(deps.database, highlevel.config.companyId);
  const granted = connection?.scopes ?? [];
  const facts: BulkRunFacts = {
    connection: isKeyWrong(installed) ? 'wrong_token_key' : (connection?.status ?? 'not_connected'),
    missingScopes: connection ? findMissingScopes(granted) : [],
    installToFutureLocations:
      valueOf(installed)?.installToFutureLocations ?? connection?.installToFutureLocations ?? null,
    plan: valueOf(installation)?.companyPlan ?? null,
    agencyTokenWorks: !isRefused(company),
  };
  const agency = valueOf(company);
  return {
    connection: facts.connection,
    reason: connection?.statusReason ?? null,
    company: agency && { id: agency.id, name: agency.name, locations: agency.locationCount },
    plan: facts.plan,
    scopes: { granted, missing: facts.missingScopes },
    installToFutureLocations: facts.installToFutureLocations,
    snapshots: valueOf(snapshots),
    accessExpiresAt: connection && new Date(connection.accessExpiresAtMs).toISOString(),
    connectedAt: connection && new Date(connection.connectedAtMs).toISOString(),
    failures: listFailures({ company, snapshots, installation, installedLocations: installed }),
    bulkRun: judge(facts),
    webhooksToday,
  };
}

const notConfigured: BulkRunFacts = {
  connection: 'not_configured',
  missingScopes: [],
  installToFutureLocations: null,
  plan: null,
  agencyTokenWorks: false,
};

function judge(facts: BulkRunFacts): HighlevelStatus['bulkRun'] {
  const refusals = judgeBulkRun(facts);
  return { allowed: refusals.length === 0, refusals };
}

function valueOf<T>(result: Result<T, HighlevelError>): T | null {
  return result.ok ? result.value : null;
}

function isKeyWrong(result: Result<unknown, HighlevelError>): boolean {
  return !result.ok && result.error.kind === 'not_connected' && result.error.reason === 'wrong_token_key';
}

function isRefused(result: Result<unknown, HighlevelError>): boolean {
  return !result.ok && (result.error.kind === 'unauthorized' || result.error.kind === 'wrong_token');
}

function listFailures(results: Readonly<Record<string, Result<unknown, HighlevelError>>>): HighlevelStatus['failures'] {
  return Object.fromEntries(
    Object.entries(results).flatMap(([what, result]) =>
      result.ok
        ? []
        : [[what, { kind: result.error.kind, status: 'status' in result.error ? result.error.status : null }]],
    ),
  );
}
