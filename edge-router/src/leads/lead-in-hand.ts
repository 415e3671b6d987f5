import type { AssignLeadAnswer, AssignLeadRequest } from '../../../db/queries/assign-lead.ts';
import type { AppDeps } from '../deps.ts';
import { hashText, type KeyedHash } from '../http/hash.ts';
import type { ApiError } from '../http/problem.ts';
import type { CapacityCopies } from '../locations/capacity-copies.ts';
import type { DirectoryHolder, RunInBackground } from '../locations/directory-holder.ts';
import type { Coordinates } from '../locations/rules/distance.ts';
import type { Directory } from '../locations/rules/directory.ts';
import { asLeadId, asLocationId, type LeadId, type LocationId } from '../rules/ids.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { LeadInput } from './intake.ts';
import { describeRoutedLead, type RoutedLead } from './routed-lead.ts';
import { questionOf } from './rules/routing-question.ts';
import { decide, type RoutingQuestion } from './rules/decide.ts';
import { settleTrace, type Decision, type RefusalVerdict } from './rules/decision.ts';
import { normaliseLead, personKeyInputs, type CleanLead } from './rules/normalise.ts';
import { matchLevelSchema, readStoredOutcome } from './stored-outcome.ts';

export type RoutingDeps = Pick<AppDeps, 'database' | 'postalCodes' | 'newId' | 'nowMs' | 'log'> & {
  readonly hashPerson: KeyedHash;
  readonly directory: Pick<DirectoryHolder, 'current' | 'forLead'>;
  readonly capacity: CapacityCopies;
};

/** What comes with a request beside the lead itself. */
export interface RequestContext {
  /** The caller's own key of the request; null where there is none. */
  readonly idempotencyKey: AssignLeadRequest['idempotencyKey'];
  /** Where the edge takes the request to come from. */
  readonly readEdgePlace: () => Coordinates | null;
  readonly background: RunInBackground;
}

/** A lead on its way, with what Postgres has said of it so far. */
export interface LeadInHand {
  readonly leadId: LeadId;
  readonly clean: CleanLead;
  readonly notes: readonly string[];
  readonly question: RoutingQuestion;
  readonly bodyHash: string;
  readonly personHashes: readonly string[];
  readonly idempotencyKey: AssignLeadRequest['idempotencyKey'];
  readonly refusals: Map<string, RefusalVerdict>;
  stickyLocationId: LocationId | null;
}

/** `assign_lead` may answer that the decision has to be made again with what it knows; the last call settles it. */
export const MAX_CALLS = 3;

/** Cleans the lead and hashes what recognises it. */
export function takeLead(
  deps: Pick<RoutingDeps, 'newId' | 'hashPerson'>,
  {
    input,
    directory,
    context,
    leadId,
  }: { input: LeadInput; directory: Directory; context: RequestContext; leadId?: LeadId },
): LeadInHand {
  const { clean, notes } = normaliseLead(input);
  const { readEdgePlace, idempotencyKey } = context;
  return {
    leadId: leadId ?? asLeadId(deps.newId()),
    clean,
    notes,
    question: questionOf(clean, { rules: directory.rules, readEdgePlace }),
    bodyHash: hashInput(input),
    personHashes: personKeyInputs(clean).map((text) => deps.hashPerson(text)),
    idempotencyKey,
    refusals: new Map(),
    stickyLocationId: null,
  };
}

export interface Decided {
  readonly decision: Decision;
  readonly directory: Directory;
}

/** Decides with what is known by now. */
export async function decideInHand(deps: RoutingDeps, lead: LeadInHand, background: RunInBackground): Promise<Decided> {
  const { question, notes, refusals, stickyLocationId } = lead;
  const knowledge = { stickyLocationId, refusals };
  const directory = await deps.directory.forLead({ question, knowledge }, background);
  // Only a score looks at how full a location is before it is asked.
  if (directory.rules.strategy.kind === 'score') deps.capacity.refreshIfDue(background);
  const decision = decide({
    question,
    directory,
    postalCodes: deps.postalCodes,
    knowledge,
    notes,
    nowMs: deps.nowMs(),
    usedToday: deps.capacity.usedToday,
  });
  return { decision, directory };
}

/** `isLast`: whatever the answer, it settles the lead. */
export function toAssignRequest(
  lead: LeadInHand,
  { decision, directory }: Decided,
  { isLast, isRetry = false }: { isLast: boolean; isRetry?: boolean },
): AssignLeadRequest {
  const { clean } = lead;
  return {
    leadId: lead.leadId,
    retry: isRetry,
    source: clean.source,
    externalId: clean.externalId,
    idempotencyKey: lead.idempotencyKey,
    bodyHash: lead.bodyHash,
    lead: toColumns(clean),
    personHashes: lead.personHashes,
    dedupeWindowMinutes: directory.rules.dedupeWindowMinutes,
    stickyDays: directory.rules.stickyDays,
    stickyKnown: lead.stickyLocationId,
    ignoreSticky: isLast || decision.attempts[0]?.matchLevel === 'named',
    candidates: decision.attempts,
    maxCatchUpTurns: decision.maxCatchUpTurns,
    parkedReason: decision.parkedReason,
    requestDirectoryVersion: directory.version,
    onExhausted: isLast ? 'park' : 'answer',
    decision: decision.trace,
  };
}

function toColumns(clean: CleanLead): AssignLeadRequest['lead'] {
  const { firstName, lastName, email, phone, address, city, state, country, service, score } = clean;
  const { utm, consent, metadata, coordinates, postalCode } = clean;
  return {
    firstName,
    lastName,
    email,
    phone,
    address,
    city,
    state,
    country,
    service,
    score,
    utm,
    consent,
    metadata,
    postalCode: postalCode?.display ?? null,
    lng: coordinates?.lng ?? null,
    lat: coordinates?.lat ?? null,
  };
}

/** The same decision with one location asked first, where it is among those to be asked at all. */
export function askFirst(decided: Decided, locationId: string): Decided {
  const { attempts } = decided.decision;
  const hinted = attempts.find((attempt) => attempt.locationId === locationId);
  if (!hinted) return decided;
  const { pool: _pool, weight: _weight, ...alone } = hinted;
  const others = attempts.filter((attempt) => attempt !== hinted);
  return { ...decided, decision: { ...decided.decision, attempts: [alone, ...others] } };
}

type SettledAnswer = Exclude<AssignLeadAnswer, { status: 'sticky' | 'exhausted' }>;

/** Keeps what an answer teaches for the next decision; null when there has to be one. */
export function learnFrom(lead: LeadInHand, answer: AssignLeadAnswer): SettledAnswer | null {
  if (answer.status === 'sticky') {
    lead.stickyLocationId = asLocationId(answer.locationId);
    return null;
  }
  if (answer.status !== 'exhausted') return answer;
  for (const { locationId, verdict } of answer.skipped) lead.refusals.set(locationId, verdict);
  return null;
}

/**
 * The answer to whoever sent the lead.
 * @returns `idempotency_conflict` when another lead came before under the same key; nothing is written then
 */
export function settleLead(
  lead: LeadInHand,
  { decision, directory }: Decided,
  answer: SettledAnswer,
): Result<RoutedLead, ApiError> {
  if (answer.status === 'conflict') return err({ kind: 'idempotency_conflict', leadId: answer.leadId });
  if (answer.status === 'replayed') {
    const stored = readStoredOutcome({ ...answer, status: answer.storedStatus });
    return ok(describeRoutedLead({ ...stored, replayed: true }, directory));
  }
  const isAssigned = answer.status === 'assigned';
  // Nobody was asked for a duplicate, so nobody is named in its trace.
  const trace =
    answer.status === 'duplicate'
      ? { ...decision.trace, candidates: [] }
      : settleTrace(decision.trace, {
          chosen: isAssigned ? (decision.attempts[answer.candidateIndex] ?? null) : null,
          refusals: answer.skipped,
          ...(isAssigned && { matchLevel: matchLevelSchema.parse(answer.matchLevel) }),
        });
  const outcome = {
    leadId: lead.leadId,
    status: answer.status,
    locationId: answer.status === 'parked' ? null : answer.locationId,
    trace,
    parkedReason: answer.status === 'parked' ? decision.parkedReason : null,
    duplicateOf: answer.status === 'duplicate' ? answer.duplicateOf : null,
    replayed: false,
  };
  return ok(describeRoutedLead(outcome, directory));
}

/** By this the same lead is known when it is sent again under the same key. */
export function hashInput(input: LeadInput): string {
  return hashText(canonicalJson(input));
}

/**
 * The same text for the same lead, whatever order its fields came in. The schema has put its own fields in its own order
 * already; what callers name themselves is sorted here.
 */
function canonicalJson(input: LeadInput): string {
  const { utm, consent, metadata, ...fields } = input;
  return JSON.stringify([fields, sortKeys(utm), sortKeys(consent), sortKeys(metadata)]);
}

function sortKeys(record: LeadInput['utm']): unknown {
  return record && Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
