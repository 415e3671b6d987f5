// Whether many locations may be brought on at once. Pure: every reason against it, each with what a person can do.

export interface BulkRunFacts {
  readonly connection: 'connected' | 'reconnect_needed' | 'wrong_token_key' | 'not_connected' | 'not_configured';
  readonly missingScopes: readonly string[];
  /** Whether new sub-accounts get the app by themselves; null where HighLevel does not tell. */
  readonly installToFutureLocations: boolean | null;
  /** Such as `agency_monthly_497`; null where HighLevel does not tell. */
  readonly plan: string | null;
  /** The agency's token is taken. */
  readonly agencyTokenWorks: boolean;
}

export interface BulkRunRefusal {
  readonly code:
    | 'not_configured'
    | 'not_connected'
    | 'reconnect_needed'
    | 'wrong_token_key'
    | 'agency_token_refused'
    | 'scopes_missing'
    | 'not_installed_in_future_locations'
    | 'plan_without_api_creation';
  readonly message: string;
}

/** Plans below Pro make no sub-accounts by API. */
const SMALLER_PLAN = /_(97|297)$/;

const CONNECT = 'An admin of the agency has to connect it: POST /v1/highlevel/connect answers the address to open.';
const connectionMessages = {
  not_configured: 'HighLevel is not configured: set HIGHLEVEL_COMPANY_ID and the settings that go with it.',
  not_connected: `The app is not connected to HighLevel. ${CONNECT}`,
  wrong_token_key: `HIGHLEVEL_TOKEN_KEY is not the one that the stored tokens were sealed under: put that one back. Where it is lost: ${CONNECT}`,
  reconnect_needed: `HighLevel no longer accepts the app's connection. ${CONNECT}`,
} as const;

/** Why a bulk run would not come to its end; empty where nothing speaks against it. */
export function judgeBulkRun(facts: BulkRunFacts): BulkRunRefusal[] {
  const { connection, missingScopes, installToFutureLocations, plan, agencyTokenWorks } = facts;
  if (connection !== 'connected') return [{ code: connection, message: connectionMessages[connection] }];
  const refusals: (BulkRunRefusal | false)[] = [
    !agencyTokenWorks && {
      code: 'agency_token_refused',
      message:
        "HighLevel refuses the agency's private integration token: make one under Agency Settings > Private Integrations and set HIGHLEVEL_AGENCY_TOKEN.",
    },
    missingScopes.length > 0 && {
      code: 'scopes_missing',
      message: `The app lacks ${missingScopes.join(', ')}: add them to the app's version and connect again.`,
    },
    installToFutureLocations !== true && {
      code: 'not_installed_in_future_locations',
      message:
        'New sub-accounts would not get the app by themselves. Only the first installation can choose that: uninstall the app from the agency, connect again, and choose all sub-accounts and future ones.',
    },
    plan !== null &&
      SMALLER_PLAN.test(plan) && {
        code: 'plan_without_api_creation',
        message: `The agency's plan (${plan}) makes no sub-accounts by API: HighLevel wants Agency Pro for that.`,
      },
  ];
  return refusals.filter((refusal) => refusal !== false);
}
