import * as z from 'zod';
import type { Database } from '../database.ts';
import { repeatAssignment } from './repeat-assignment.ts';

/** A location to be asked for a seat. `ignoresCapacity` takes one although the day is full. */
export interface AssignCandidate {
  readonly locationId: string;
  readonly matchLevel: string;
  readonly ignoresCapacity?: boolean;
  /** Its place in `decision.candidates`, whose verdict is set. */
  readonly traceIndex: number;
  /** Candidates that follow each other with the same pool take turns by their weights; absent where the order stands. */
  readonly pool?: string;
  readonly weight?: number;
}

/** The decision trace as far as `assign_lead` knows its shape: it sets match level and verdicts. */
export interface AssignDecision {
  readonly ruleVersion: number;
  readonly candidates: readonly { readonly locationId: string; readonly verdict: string }[];
}

export interface AssignLeadRequest {
  /** UUIDv7; its time is the lead's `created_at`. */
  readonly leadId: string;
  /** Set when the same call may have been made before and its answer was lost. */
  readonly retry: boolean;
  readonly source: string;
  readonly externalId: string | null;
  /** The caller's Idempotency-Key, known for 24 hours to its API key (a UUID) alone. */
  readonly idempotencyKey: { readonly apiKeyId: string; readonly key: string } | null;
  /** SHA-256 of the lead as it was sent, in hex. */
  readonly bodyHash: string;
  readonly lead: Readonly<Record<string, unknown>>;
  /** Keyed hashes of e-mail and phone, in hex. */
  readonly personHashes: readonly string[];
  readonly dedupeWindowMinutes: number;
  readonly stickyDays: number;
  /** The location that an answer `sticky` of this decision named before. */
  readonly stickyKnown: string | null;
  readonly ignoreSticky: boolean;
  /** In order; at most 20. */
  readonly candidates: readonly AssignCandidate[];
  /** How many turns a pool's member may be owed at most, 1 to 100; null where no candidate has a pool. */
  readonly maxCatchUpTurns: number | null;
  readonly parkedReason: string;
  /** Of the directory that the candidates are from; a lead that is parked keeps it as the version it was tried with. */
  readonly requestDirectoryVersion: number;
  /** What to do when all candidates refuse: answer `exhausted` and write nothing, or park the lead. */
  readonly onExhausted: 'answer' | 'park';
  readonly decision: AssignDecision;
}

/** Who was asked and refused, in order. */
export const skippedSchema = z.array(
  z.object({ locationId: z.string(), verdict: z.enum(['full', 'paused', 'inactive']) }),
);

export const assignLeadAnswerSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('assigned'),
    leadId: z.string(),
    locationId: z.string(),
    candidateIndex: z.number(),
    matchLevel: z.string(),
    skipped: skippedSchema,
    used: z.number(),
    dailyCap: z.number().nullable(),
    directoryVersion: z.number(),
  }),
  z.object({ status: z.literal('parked'), leadId: z.string(), skipped: skippedSchema, directoryVersion: z.number() }),
  z.object({
    status: z.literal('duplicate'),
    leadId: z.string(),
    duplicateOf: z.string(),
    locationId: z.string().nullable(),
    directoryVersion: z.number(),
  }),
  z.object({
    status: z.literal('replayed'),
    leadId: z.string(),
    storedStatus: z.enum(['assigned', 'parked', 'duplicate']),
    locationId: z.string().nullable(),
    decision: z.unknown(),
    parkedReason: z.string().nullable(),
    duplicateOf: z.string().nullable(),
  }),
  z.object({ status: z.literal('conflict'), leadId: z.string() }),
  z.object({ status: z.literal('sticky'), locationId: z.string() }),
  z.object({ status: z.literal('exhausted'), skipped: skippedSchema }),
]);

export type AssignLeadAnswer = z.output<typeof assignLeadAnswerSchema>;

/**
 * Assigns a lead in one round trip (the SQL function `assign_lead`): everything is written together, or nothing. Tries
 * again where a transaction lost against another one, or no answer came: the lead's id makes that safe.
 * Throws DatabaseError when Postgres stays away.
 */
export function assignLead(database: Database, request: AssignLeadRequest): Promise<AssignLeadAnswer> {
  return repeatAssignment(async (mayBeRepeated) => {
    const body = JSON.stringify(toAssignBody(request, mayBeRepeated));
    return assignLeadAnswerSchema.parse(await database.askJson('select assign_lead($1::jsonb)', body));
  });
}

/**
 * The request as `assign_lead` reads it. Its decision says already that the first candidate takes the lead
 * (`settledFor`), so that Postgres need not rewrite the trace where it does; all other outcomes overwrite it.
 */
export function toAssignBody(request: AssignLeadRequest, mayBeRepeated: boolean): object {
  const { candidates, decision } = request;
  const retry = request.retry || mayBeRepeated;
  const [first] = candidates;
  const traced = first && decision.candidates[first.traceIndex];
  if (!first || !traced || first.pool !== undefined) return { ...request, retry, settledFor: -1 };
  const settled = {
    ...decision,
    matchLevel: first.matchLevel,
    candidates: decision.candidates.with(first.traceIndex, { ...traced, verdict: 'chosen' }),
  };
  return { ...request, retry, decision: settled, settledFor: 0 };
}
