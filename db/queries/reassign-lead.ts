import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';
import { skippedSchema, type AssignCandidate, type AssignDecision } from './assign-lead.ts';
import { repeatAssignment } from './repeat-assignment.ts';

export interface ReassignLeadRequest {
  readonly leadId: string;
  /** Names the wish: the same again changes nothing and is answered `replayed`. */
  readonly messageId: string;
  /** Where the lead is as far as the caller knows; null: in the parking lot. */
  readonly expectedLocationId: string | null;
  /** `reassigned` away from a location, by somebody's wish; `declined` by the location; `retried` out of the parking lot. */
  readonly kind: 'reassigned' | 'declined' | 'retried';
  /** For the time line; no person's data. */
  readonly reason: string;
  /** Keyed hashes of the lead's e-mail and phone, in hex, as `assignLead` had them: the person follows the lead. */
  readonly personHashes: readonly string[];
  /** In order; at most 20. */
  readonly candidates: readonly AssignCandidate[];
  readonly maxCatchUpTurns: number | null;
  readonly parkedReason: string;
  readonly decision: AssignDecision;
  /** When all candidates refuse: the parking lot, or leave the lead where it is. */
  readonly whenNobody: 'park' | 'keep';
  readonly requestDirectoryVersion: number;
  /**
   * When a lead that is or stays parked is due again, ISO 8601. Null: in five minutes if it is parked now; one that is kept
   * in the parking lot is then left as it is, and else counts one more try.
   */
  readonly nextTryAt: string | null;
}

const answerSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('assigned'),
    locationId: z.string(),
    candidateIndex: z.number(),
    matchLevel: z.string(),
    skipped: skippedSchema,
    used: z.number(),
    dailyCap: z.number().nullable(),
    directoryVersion: z.number(),
  }),
  z.object({ status: z.literal('parked'), skipped: skippedSchema }),
  z.object({ status: z.literal('kept'), skipped: skippedSchema }),
  z.object({
    status: z.literal('moved'),
    /** What the lead is now. */
    storedStatus: z.enum(['assigned', 'parked', 'duplicate']),
    locationId: z.string().nullable(),
  }),
  z.object({ status: z.literal('not_found') }),
  z.object({
    status: z.literal('replayed'),
    leadId: z.string(),
    /** Where this message sent the lead the first time; null: to the parking lot. */
    to: z.string().nullable(),
    /** The rest is the lead as it is now, as `assignLead` replays it. */
    storedStatus: z.enum(['assigned', 'parked', 'duplicate']),
    locationId: z.string().nullable(),
    decision: z.unknown(),
    parkedReason: z.string().nullable(),
    duplicateOf: z.string().nullable(),
  }),
]);

export type ReassignLeadAnswer = z.output<typeof answerSchema>;

/**
 * Moves a lead to the first candidate with room, in one round trip (the SQL function `reassign_lead`): the new seat, the
 * old one's return, lead, person, time line and outbox together. Compare and set: `moved` when the lead is no longer
 * where the caller thinks, or is a duplicate, which has no place of its own. Throws DatabaseError when Postgres stays away.
 */
export function reassignLead(database: Database, request: ReassignLeadRequest): Promise<ReassignLeadAnswer> {
  return repeatAssignment(async () => {
    const statement = sql`select reassign_lead(${JSON.stringify(request)}::jsonb) as answer`;
    const { rows } = await runQuery(database.execute(statement));
    return answerSchema.parse(rows[0]?.['answer']);
  });
}
