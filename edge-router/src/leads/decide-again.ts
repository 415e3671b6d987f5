import { readPersonLocations } from '../../../db/queries/read-person-locations.ts';
import type { PlacedLead } from '../../../db/queries/read-placed-leads.ts';
import type { ReassignLeadRequest } from '../../../db/queries/reassign-lead.ts';
import type { AppDeps } from '../deps.ts';
import type { KeyedHash } from '../http/hash.ts';
import type { CapacityCopies } from '../locations/capacity-copies.ts';
import type { DirectoryHolder, RunInBackground } from '../locations/directory-holder.ts';
import type { Directory } from '../locations/rules/directory.ts';
import { asLocationId, type LocationId } from '../rules/ids.ts';
import {
  listExcluded,
  listHolders,
  notesOfCleaning,
  questionOfPlacedLead,
  readCleanLead,
  withExcluded,
} from './placed-lead-question.ts';
import { decide, type RoutingQuestion } from './rules/decide.ts';
import type { Decision, DecisionTrace, RefusalVerdict } from './rules/decision.ts';
import { personKeyInputs } from './rules/normalise.ts';
import { readStoredOutcome } from './stored-outcome.ts';

export type DecideAgainDeps = Pick<AppDeps, 'database' | 'postalCodes' | 'nowMs' | 'newId' | 'log'> & {
  readonly hashPerson: KeyedHash;
  readonly directory: Pick<DirectoryHolder, 'current' | 'forLead'>;
  readonly capacity: CapacityCopies;
};

/** A stored lead that is about to be decided again. */
export interface LeadAgain {
  readonly lead: PlacedLead;
  /** As it is stored. */
  readonly trace: DecisionTrace;
  readonly question: RoutingQuestion;
  readonly notes: readonly string[];
  readonly personHashes: readonly string[];
  readonly stickyLocationId: LocationId | null;
  /** Whom people asked to leave out, now and before. */
  readonly excludedByWish: readonly string[];
  /** Who is left out, and who has refused in the meantime. */
  readonly refusals: Map<string, RefusalVerdict>;
}

/** What a person asks for when they send a lead elsewhere; nothing of it for a lead that is tried again. */
export interface ReassignWish {
  /** Our id of the location to ask first; it is asked although it had the lead before. */
  readonly locationId: string | null;
  readonly exclude: readonly string[];
}

const NO_WISH: ReassignWish = { locationId: null, exclude: [] };
const DAY_MS = 86_400_000;

/** Throws on a trace that this version did not write. */
export function prepareLead(
  { hashPerson }: Pick<DecideAgainDeps, 'hashPerson'>,
  { lead, rules, wish = NO_WISH }: { lead: PlacedLead; rules: Directory['rules']; wish?: ReassignWish },
): LeadAgain {
  const { trace } = readStoredOutcome(lead);
  const clean = readCleanLead(lead, trace);
  const isAllowed = (id: string): boolean => id !== wish.locationId;
  const excludedByWish = [...new Set([...listExcluded(trace), ...wish.exclude])].filter(isAllowed);
  const excluded = [...listHolders(lead), ...excludedByWish].filter(isAllowed);
  return {
    lead,
    trace,
    question: questionOfPlacedLead(clean, { trace, rules, location: wish.locationId }),
    notes: notesOfCleaning(trace),
    personHashes: personKeyInputs(clean).map((text) => hashPerson(text)),
    stickyLocationId: null,
    excludedByWish,
    refusals: new Map(excluded.map((id) => [id, 'excluded'])),
  };
}

/** The leads with the location that each one's person stays with: the last assignment within `stickyDays` of the lead. */
export async function findStickyLocations(
  { database }: Pick<DecideAgainDeps, 'database'>,
  { leads, stickyDays }: { leads: readonly LeadAgain[]; stickyDays: number },
): Promise<readonly LeadAgain[]> {
  const hashes = leads.flatMap(({ personHashes }) => personHashes);
  if (hashes.length === 0 || stickyDays === 0) return leads;
  const found = await readPersonLocations(database, hashes);
  return leads.map((again) => {
    const sinceMs = again.lead.createdAtMs - stickyDays * DAY_MS;
    const [last] = found
      .filter(({ hash, assignedAtMs }) => again.personHashes.includes(hash) && assignedAtMs > sinceMs)
      .sort((a, b) => b.assignedAtMs - a.assignedAtMs);
    return last ? { ...again, stickyLocationId: asLocationId(last.locationId) } : again;
  });
}

export interface DecidedAgain {
  readonly decision: Decision;
  readonly directory: Directory;
}

/** Decides by the directory and the rules in force now, with what has been learned of refusals so far. */
export async function decideAgain(
  deps: DecideAgainDeps,
  again: LeadAgain,
  background: RunInBackground,
): Promise<DecidedAgain> {
  const { question, notes, refusals } = again;
  const knowledge = { stickyLocationId: again.stickyLocationId, refusals };
  const directory = await deps.directory.forLead({ question, knowledge }, background);
  const decision = decide({
    question,
    directory,
    postalCodes: deps.postalCodes,
    knowledge,
    notes,
    nowMs: deps.nowMs(),
    usedToday: deps.capacity.usedToday,
  });
  const trace = withExcluded(decision.trace, again.excludedByWish);
  return { directory, decision: { ...decision, trace } };
}

/** The part of a request for `reassign_lead` that the decision makes. */
export function toReassignRequest(
  again: LeadAgain,
  { decision, directory }: DecidedAgain,
): Omit<ReassignLeadRequest, 'messageId' | 'kind' | 'reason' | 'whenNobody' | 'nextTryAt'> {
  return {
    leadId: again.lead.leadId,
    expectedLocationId: again.lead.locationId,
    personHashes: again.personHashes,
    candidates: decision.attempts,
    maxCatchUpTurns: decision.maxCatchUpTurns,
    parkedReason: decision.parkedReason,
    decision: decision.trace,
    requestDirectoryVersion: directory.version,
  };
}
