// Parked leads are tried again here: whenever the directory has changed since they were tried, and when their time comes.
// A run claims due leads batch by batch and asks Postgres for a seat only where somebody has room; all others of a batch
// cost one statement together. It never holds up a lead for another one that fails, and is bounded in leads and in time.
import { claimParked, type ClaimedLead } from '../../../db/queries/claim-parked.ts';
import { forgetParked } from '../../../db/queries/forget-parked.ts';
import { postponeParked, type PostponedLead } from '../../../db/queries/postpone-parked.ts';
import { readCapacity } from '../../../db/queries/read-capacity.ts';
import { readPlacedLeads } from '../../../db/queries/read-placed-leads.ts';
import { reassignLead } from '../../../db/queries/reassign-lead.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import {
  decideAgain,
  findStickyLocations,
  prepareLead,
  toReassignRequest,
  type DecideAgainDeps,
  type DecidedAgain,
  type LeadAgain,
} from './decide-again.ts';
import type { Attempt } from './rules/decision.ts';
import { createRetryPlanner, type PlanNextTry } from './rules/next-try.ts';

const LEADS_PER_CLAIM = 100;
const LEASE_SECONDS = 120;
/** Bound one run; what is left is due still and taken by the next one. */
const MAX_CLAIMS = 25;
const MAX_SEATS_ASKED = 500;
const MAX_RUN_MS = 20_000;
/** For one lead. */
const MAX_DECISIONS = 3;
/** After a failure that is nobody's verdict: a lead that cannot be read, a call that went wrong. */
const PAUSE_AFTER_FAILURE_MS = 900_000;
const RETRIED_REASON = 'Tried again: seats, hours, rules or territories may have changed.';

export interface RetriedLeads {
  readonly tried: number;
  readonly assigned: number;
}

interface Run {
  readonly deps: DecideAgainDeps;
  readonly background: RunInBackground;
  readonly endsAtMs: number;
  /** By location: whether its day is full, as far as this run knows. */
  readonly isFull: Map<string, boolean>;
  seatsAsked: number;
  assigned: number;
}

/**
 * Tries parked leads that are due, the longest untried and of these the oldest first, by the directory as it is now.
 * Safe to run at any time, by several at once. Throws when Postgres cannot be reached; what was claimed is due again soon.
 */
export async function retryParked(deps: DecideAgainDeps, background: RunInBackground): Promise<RetriedLeads> {
  const endsAtMs = performance.now() + MAX_RUN_MS;
  const run: Run = { deps, background, endsAtMs, isFull: new Map(), seatsAsked: 0, assigned: 0 };
  let tried = 0;
  for (let claims = 0; claims < MAX_CLAIMS && hasTime(run); claims++) {
    const directory = await deps.directory.current(background);
    const claimed = await claimParked(deps.database, {
      directoryVersion: directory.version,
      now: new Date(deps.nowMs()).toISOString(),
      limit: LEADS_PER_CLAIM,
      leaseSeconds: LEASE_SECONDS,
    });
    if (claimed.length > 0) await retryBatch(run, { claimed, directoryVersion: directory.version });
    tried += claimed.length;
    if (claimed.length < LEADS_PER_CLAIM) break;
  }
  return { tried, assigned: run.assigned };
}

function hasTime({ endsAtMs, seatsAsked }: Run): boolean {
  return performance.now() < endsAtMs && seatsAsked < MAX_SEATS_ASKED;
}

type Outcome =
  | { readonly kind: 'gone' }
  | { readonly kind: 'nobody'; readonly decided: DecidedAgain }
  /** Left in its lease: it is due again when that ends. */
  | { readonly kind: 'not_asked' };

async function retryBatch(
  run: Run,
  { claimed, directoryVersion }: { claimed: readonly ClaimedLead[]; directoryVersion: number },
): Promise<void> {
  const { leads, gone, broken } = await readBatch(run, claimed);
  await learnWhoIsFull(run, leads);
  const triesOf = new Map(claimed.map(({ leadId, tries }) => [leadId, tries + 1]));
  const planners = new Map<object, PlanNextTry>();
  const postponed: PostponedLead[] = broken.map((leadId) => postponeBroken(run, leadId));
  for (const again of leads) {
    const { leadId } = again.lead;
    try {
      const outcome = await retryOne(run, again);
      if (outcome.kind === 'gone') gone.push(leadId);
      if (outcome.kind !== 'nobody') continue;
      const { directory } = outcome.decided;
      const plan = planners.get(directory) ?? createRetryPlanner({ directory, nowMs: run.deps.nowMs() });
      planners.set(directory, plan);
      postponed.push(postpone(again, { ...outcome.decided, plan, tries: triesOf.get(leadId) ?? 1 }));
    } catch (error) {
      run.deps.log({ event: 'parked_lead_failed', leadId, error });
      postponed.push(postponeBroken(run, leadId));
    }
  }
  if (postponed.length > 0) await postponeParked(run.deps.database, { leads: postponed, directoryVersion });
  if (gone.length > 0) await forgetParked(run.deps.database, gone);
}

interface Batch {
  readonly leads: readonly LeadAgain[];
  /** Parked no more. */
  readonly gone: string[];
  readonly broken: readonly string[];
}

async function readBatch({ deps, background }: Run, claimed: readonly ClaimedLead[]): Promise<Batch> {
  const { rules } = await deps.directory.current(background);
  const stored = await readPlacedLeads(
    deps.database,
    claimed.map(({ leadId }) => leadId),
  );
  const leads: LeadAgain[] = [];
  const gone: string[] = [];
  const broken: string[] = [];
  for (const { leadId } of claimed) {
    const lead = stored.get(leadId);
    if (lead === undefined || (lead !== null && lead.status !== 'parked')) gone.push(leadId);
    else if (lead === null) broken.push(leadId);
    else {
      try {
        leads.push(prepareLead(deps, { lead, rules }));
      } catch (error) {
        deps.log({ event: 'parked_lead_failed', leadId, error });
        broken.push(leadId);
      }
    }
  }
  return { leads: await findStickyLocations(deps, { leads, stickyDays: rules.stickyDays }), gone, broken };
}

/** One read for all that the batch would ask, so that nobody asks who has been full since morning. */
async function learnWhoIsFull(run: Run, leads: readonly LeadAgain[]): Promise<void> {
  const wanted = new Set<string>();
  for (const again of leads) {
    const decided = await decideAgain(run.deps, again, run.background).catch(() => null);
    for (const { locationId } of decided?.decision.attempts ?? []) wanted.add(locationId);
  }
  if (wanted.size === 0) return;
  const capacities = await readCapacity(run.deps.database, [...wanted]);
  for (const { locationId, used, dailyCap } of capacities) {
    run.isFull.set(locationId, dailyCap !== null && used >= dailyCap);
  }
}

async function retryOne(run: Run, again: LeadAgain): Promise<Outcome> {
  for (let decisions = 1; ; decisions++) {
    const decided = await decideAgain(run.deps, again, run.background);
    const { attempts } = decided.decision;
    const full = attempts.filter((attempt) => isKnownFull(run, attempt));
    for (const { locationId } of full) again.refusals.set(locationId, 'full');
    if (attempts.length === 0) return { kind: 'nobody', decided };
    if (full.length === attempts.length) {
      // All of these are full: the next decision sees past them, or says so.
      if (decisions < MAX_DECISIONS) continue;
      return { kind: 'nobody', decided: await decideAgain(run.deps, again, run.background) };
    }
    if (!hasTime(run)) return { kind: 'not_asked' };
    const answer = await askForSeat(run, again, decided);
    if (answer === 'gone') return { kind: 'gone' };
    if (decisions === MAX_DECISIONS) {
      return { kind: 'nobody', decided: await decideAgain(run.deps, again, run.background) };
    }
  }
}

function isKnownFull({ isFull }: Run, { locationId, ignoresCapacity }: Attempt): boolean {
  return !ignoresCapacity && isFull.get(locationId) === true;
}

/** Learns from the answer what the next decisions have to know. */
async function askForSeat(run: Run, again: LeadAgain, decided: DecidedAgain): Promise<'gone' | 'refused'> {
  const { deps } = run;
  run.seatsAsked++;
  const answer = await reassignLead(deps.database, {
    ...toReassignRequest(again, decided),
    messageId: deps.newId(),
    kind: 'retried',
    reason: RETRIED_REASON,
    whenNobody: 'keep',
    nextTryAt: null,
  });
  if (answer.status === 'assigned') {
    run.assigned++;
    run.isFull.set(answer.locationId, answer.dailyCap !== null && answer.used >= answer.dailyCap);
    deps.capacity.notice(answer.locationId, answer.used);
  }
  if (answer.status !== 'kept' && answer.status !== 'parked') return 'gone';
  for (const { locationId, verdict } of answer.skipped) {
    again.refusals.set(locationId, verdict);
    if (verdict === 'full') run.isFull.set(locationId, true);
  }
  return 'refused';
}

function postpone(
  { lead, trace }: LeadAgain,
  { decision, plan, tries }: DecidedAgain & { plan: PlanNextTry; tries: number },
): PostponedLead {
  const stored = { ...decision.trace, matchLevel: null };
  const isSame = lead.parkedReason === decision.parkedReason && isSameTrace(stored, trace);
  return {
    leadId: lead.leadId,
    nextTryAt: new Date(plan({ trace: stored, tries })).toISOString(),
    changed: isSame ? null : { reason: decision.parkedReason, decision: stored },
  };
}

/** Postgres orders the keys of stored JSON its own way. */
function isSameTrace(one: unknown, other: unknown): boolean {
  return toCanonicalText(one) === toCanonicalText(other);
}

function toCanonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function postponeBroken({ deps }: Run, leadId: string): PostponedLead {
  return { leadId, nextTryAt: new Date(deps.nowMs() + PAUSE_AFTER_FAILURE_MS).toISOString(), changed: null };
}
