import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { AssignLeadRequest } from '../queries/assign-lead.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A UUIDv7 of a time of the test's choosing. */
export function leadIdAt(timeMs: number): string {
  const hex = timeMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${uuidv7().slice(13)}`;
}

/** A lead of nobody in particular for these candidates, in order. */
export function assignLeadRequest(
  locationIds: readonly string[],
  given: Partial<AssignLeadRequest> = {},
): AssignLeadRequest {
  return {
    leadId: uuidv7(),
    retry: false,
    source: 'test',
    externalId: null,
    idempotencyKey: null,
    bodyHash: sha256('body'),
    lead: { firstName: 'Ada', email: 'ada@example.com', utm: { a: 1 }, postalCode: '02134' },
    personHashes: [],
    dedupeWindowMinutes: 60,
    stickyDays: 90,
    stickyKnown: null,
    ignoreSticky: false,
    candidates: locationIds.map((locationId, traceIndex) => ({ locationId, matchLevel: 'nearest', traceIndex })),
    maxCatchUpTurns: null,
    parkedReason: 'no_place',
    requestDirectoryVersion: 1,
    onExhausted: 'answer',
    decision: { ruleVersion: 1, candidates: locationIds.map((locationId) => ({ locationId, verdict: 'outranked' })) },
    ...given,
  };
}
