// What HighLevel allows (https://marketplace.gohighlevel.com/docs/oauth/Faqs): per app and company 100 calls in 10 s and
// 200,000 a day, and as much again for each sub-account; snapshots load about 100 locations per 10 minutes.
const COMPANY_CALLS_PER_BURST = 100;
const BURST_SECONDS = 10;
const COMPANY_CALLS_PER_DAY = 200_000;
const SNAPSHOTS_PER_ROUND = 100;
const SNAPSHOT_ROUND_MINUTES = 10;

/** Bounds of what the steps spend on one location: of the company's budget, which all share, and of its own. */
const CALLS = {
  newSubAccount: { company: 8, location: 40 },
  knownSubAccount: { company: 2, location: 20 },
} as const;
const SECONDS_PER_CALL = 0.4;
const MINUTES_PER_DAY = 1440;

export interface OnboardingWork {
  /** Sub-accounts to be created, each loaded with the snapshot. */
  readonly newSubAccounts: number;
  /** Sub-accounts that exist and are to be changed or adopted. */
  readonly knownSubAccounts: number;
  /** How many rows call HighLevel at once. */
  readonly maxActiveRows: number;
}

export interface Estimate {
  readonly companyCalls: number;
  readonly locationCalls: number;
  readonly minutes: number;
  /** What the time is spent on. */
  readonly boundBy: 'nothing' | 'calls' | 'snapshots' | 'company_budget' | 'daily_budget';
}

/** The calls and the whole minutes that rows will take. They wait for budget, snapshots and answers side by side. */
export function estimateOnboarding({ newSubAccounts, knownSubAccounts, maxActiveRows }: OnboardingWork): Estimate {
  const companyCalls = newSubAccounts * CALLS.newSubAccount.company + knownSubAccounts * CALLS.knownSubAccount.company;
  const locationCalls =
    newSubAccounts * CALLS.newSubAccount.location + knownSubAccounts * CALLS.knownSubAccount.location;
  const bounds = [
    ['calls', ((companyCalls + locationCalls) * SECONDS_PER_CALL) / maxActiveRows / 60],
    ['company_budget', (companyCalls / COMPANY_CALLS_PER_BURST) * (BURST_SECONDS / 60)],
    ['snapshots', Math.ceil(newSubAccounts / SNAPSHOTS_PER_ROUND) * SNAPSHOT_ROUND_MINUTES],
    ['daily_budget', Math.floor(companyCalls / COMPANY_CALLS_PER_DAY) * MINUTES_PER_DAY],
  ] as const;
  const [boundBy, minutes] = bounds.reduce((most, bound) => (bound[1] > most[1] ? bound : most));
  return { companyCalls, locationCalls, minutes: Math.ceil(minutes), boundBy: minutes > 0 ? boundBy : 'nothing' };
}
