import * as z from 'zod';
import { readPlacedLeads, type PlacedLead } from '../../../db/queries/read-placed-leads.ts';
import { reassignLead, type ReassignLeadAnswer } from '../../../db/queries/reassign-lead.ts';
import { invalidInput } from '../http/body.ts';
import { hashText } from '../http/hash.ts';
import type { ApiError, InputError } from '../http/problem.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import type { Directory } from '../locations/rules/directory.ts';
import { toPlainText } from '../rules/plain-text.ts';
import { err, ok, type Result } from '../rules/result.ts';
import {
  decideAgain,
  findStickyLocations,
  prepareLead,
  toReassignRequest,
  type DecideAgainDeps,
  type DecidedAgain,
  type LeadAgain,
  type ReassignWish,
} from './decide-again.ts';
import { describeRoutedLead, type RoutedLead, type StoredOutcome } from './routed-lead.ts';
import { settleTrace } from './rules/decision.ts';
import { explainDecision } from './rules/explain.ts';
import { createRetryPlanner } from './rules/next-try.ts';
import { readStoredOutcome } from './stored-outcome.ts';

const locationName = z.string().trim().min(1).max(200);
/** What the trace of the lead has room for. */
const MAX_EXCLUDED = 20;

/** The body of `POST /v1/leads/{id}/reassign`. Locations are named by our id, franchise code or sub-account id. */
export const reassignInputSchema = z.strictObject({
  reason: z
    .string()
    .max(500)
    .transform((text) => toPlainText(text) ?? '')
    .refine((text) => text !== '', { error: 'say why' }),
  exclude: z.array(locationName).max(MAX_EXCLUDED).default([]),
  location: locationName.optional(),
  whenNobody: z.enum(['park', 'keep']).default('park'),
});

export type ReassignInput = z.output<typeof reassignInputSchema>;

export interface ReassignRequest {
  readonly leadId: string;
  /** Who gives it up: somebody above, or the location that has it (`declined`). */
  readonly kind: 'reassigned' | 'declined';
  /** Only if this location has it; null: whoever does. */
  readonly holderId: string | null;
  readonly input: ReassignInput;
  /** The caller's Idempotency-Key; null where there is none. */
  readonly idempotencyKey: { readonly apiKeyId: string; readonly key: string } | null;
}

/** The lead as it is now. */
export type ReassignedLead = RoutedLead & {
  /** False: nobody else could take it, and it was to stay where it is then. */
  readonly moved: boolean;
  /** Who had it; null for a lead that was parked. */
  readonly from: { readonly id: string; readonly name: string; readonly franchiseCode: string } | null;
  /** Why nobody else took it; null where somebody did. */
  readonly whyNobody: string | null;
};

export interface ReassignOutcome {
  readonly lead: ReassignedLead;
  /** A seat that was given back. */
  readonly freedLocationId: string | null;
  /** The new location's seats taken today, and Postgres' directory version; null where nobody took it. */
  readonly taken: { readonly locationId: string; readonly used: number; readonly directoryVersion: number } | null;
}

/** A decision may have to be made again with what Postgres refused; the last call settles it. */
const MAX_CALLS = 3;
/** A lead that somebody else moved meanwhile is looked at once more. */
const MAX_ROUNDS = 2;

/**
 * Decides a stored lead again by the rules in force, without whoever has it, had it, or is named in `exclude`, and moves
 * it: seat, person, time line and news in one call. A parked lead is dispatched the same way.
 * @returns `not_found`; `conflict` for a duplicate, for who has it already, or when others move it at the same time;
 *   `idempotency_conflict`; `invalid_input` for a location that nobody knows
 */
export async function reassignStoredLead(
  deps: DecideAgainDeps,
  request: ReassignRequest,
  background: RunInBackground,
): Promise<Result<ReassignOutcome, ApiError>> {
  const message = nameMessage(deps, request);
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const directory = await deps.directory.current(background);
    const read = await readLead(deps, { leadId: request.leadId, message });
    if (!read.ok) return read;
    if (read.value.isReplay) return ok(describeReplay(read.value.lead, directory));
    if (request.kind === 'declined' && read.value.lead.locationId === null) return err(nobodys);
    if (request.holderId !== null && request.holderId !== read.value.lead.locationId) return err(notTheirs);
    const wish = readWish(request.input, { lead: read.value.lead, directory });
    if (!wish.ok) return wish;
    const prepared = prepareLead(deps, { lead: read.value.lead, rules: directory.rules, wish: wish.value });
    const { stickyDays } = directory.rules;
    const [again = prepared] = await findStickyLocations(deps, { leads: [prepared], stickyDays });
    const settled = await askForSeats(deps, { again, request, messageId: message.id, background });
    if (settled) return settled;
  }
  return err({ kind: 'conflict', detail: 'The lead was moved by somebody else meanwhile. Look it up and ask again.' });
}

const notTheirs: ApiError = {
  kind: 'conflict',
  detail: 'Another location has the lead by now. Nothing was written.',
};

const nobodys: ApiError = {
  kind: 'conflict',
  detail: 'The lead is with no location that could decline it. Nothing was written.',
};

/** The name under which `reassign_lead` knows the wish: the same key with another body has another name. */
interface Message {
  readonly id: string;
  /** Begins the names of all wishes under this key; null without a key. */
  readonly keyPrefix: string | null;
}

function nameMessage({ newId }: Pick<DecideAgainDeps, 'newId'>, { input, idempotencyKey }: ReassignRequest): Message {
  if (!idempotencyKey) return { id: newId(), keyPrefix: null };
  const keyPrefix = `key:${hashText(`${idempotencyKey.apiKeyId}\n${idempotencyKey.key}`)}:`;
  return { id: keyPrefix + hashText(JSON.stringify(input)), keyPrefix };
}

async function readLead(
  { database }: Pick<DecideAgainDeps, 'database'>,
  { leadId, message }: { leadId: string; message: Message },
): Promise<Result<{ lead: PlacedLead; isReplay: boolean }, ApiError>> {
  const lead = (await readPlacedLeads(database, [leadId])).get(leadId);
  if (lead === undefined) return err({ kind: 'not_found', what: 'lead' });
  if (lead === null) throw new Error('a stored lead cannot be read');
  const { keyPrefix } = message;
  const known = keyPrefix === null ? undefined : lead.moves.find((move) => move.messageId.startsWith(keyPrefix));
  if (known && known.messageId !== message.id) return err({ kind: 'idempotency_conflict', leadId });
  if (lead.status === 'duplicate') {
    const detail = `The lead is a duplicate of ${lead.duplicateOf ?? 'another'}: reassign that one.`;
    return err({ kind: 'conflict', detail });
  }
  return ok({ lead, isReplay: known !== undefined });
}

function readWish(
  { exclude, location }: ReassignInput,
  { lead, directory }: { lead: PlacedLead; directory: Directory },
): Result<ReassignWish, ApiError> {
  const errors: InputError[] = [];
  const find = (field: string, name: string): string | null => {
    const id = findLocationId(directory, name);
    if (id === null) errors.push({ field, code: 'unknown_location', message: 'No location has this name' });
    return id;
  };
  const locationId = location === undefined ? null : find('location', location);
  const excluded = exclude.map((name, index) => find(`exclude.${index}`, name)).filter((id) => id !== null);
  if (locationId !== null && excluded.includes(locationId)) {
    errors.push({ field: 'location', code: 'excluded', message: 'This location is excluded, too' });
  }
  if (errors.length > 0) return err(invalidInput(errors));
  if (locationId !== null && locationId === lead.locationId) {
    return err({ kind: 'conflict', detail: 'The lead is with this location already. Nothing was written.' });
  }
  return ok({ locationId, exclude: excluded });
}

/** By our id, franchise code in any case, or sub-account id. */
function findLocationId(directory: Directory, name: string): string | null {
  const lowered = name.toLowerCase();
  const id = directory.idsByFranchiseCode.get(lowered) ?? directory.idsByGhlLocationId.get(name) ?? lowered;
  return directory.locationsById.get(id)?.id ?? null;
}

interface Asking {
  readonly again: LeadAgain;
  readonly request: ReassignRequest;
  readonly messageId: string;
  readonly background: RunInBackground;
}

/** Null when the lead is no longer where it was read. */
async function askForSeats(
  deps: DecideAgainDeps,
  { again, request, messageId, background }: Asking,
): Promise<Result<ReassignOutcome, ApiError> | null> {
  const { reason, whenNobody } = request.input;
  for (let call = 1; ; call++) {
    const decided = await decideAgain(deps, again, background);
    const isLast = call === MAX_CALLS || decided.decision.attempts.length === 0;
    const answer = await reassignLead(deps.database, {
      ...toReassignRequest(again, decided),
      messageId,
      kind: request.kind,
      reason,
      whenNobody: isLast ? whenNobody : 'keep',
      nextTryAt: planNextTry(deps, decided),
    });
    if (answer.status === 'moved') return null;
    if (answer.status === 'not_found') return err({ kind: 'not_found', what: 'lead' });
    if (answer.status !== 'kept' || isLast) return ok(describeOutcome({ again, decided, answer }));
    for (const { locationId, verdict } of answer.skipped) again.refusals.set(locationId, verdict);
  }
}

function planNextTry({ nowMs }: Pick<DecideAgainDeps, 'nowMs'>, { decision, directory }: DecidedAgain): string {
  const plan = createRetryPlanner({ directory, nowMs: nowMs() });
  return new Date(plan({ trace: decision.trace, tries: 1 })).toISOString();
}

interface Settled {
  readonly again: LeadAgain;
  readonly decided: DecidedAgain;
  readonly answer: Exclude<ReassignLeadAnswer, { status: 'moved' | 'not_found' }>;
}

function describeOutcome({ again: { lead }, decided, answer }: Settled): ReassignOutcome {
  const { directory, decision } = decided;
  if (answer.status === 'replayed') {
    return describeReplay({ ...lead, ...answer, status: answer.storedStatus }, directory);
  }
  const from = nameLocation(directory, lead.locationId);
  const chosen = answer.status === 'assigned' ? (decision.attempts[answer.candidateIndex] ?? null) : null;
  const settled = settleTrace(decision.trace, { chosen, refusals: answer.skipped });
  const parked = { status: 'parked' as const, trace: settled, parkedReason: decision.parkedReason };
  if (answer.status !== 'assigned') {
    const isKept = answer.status === 'kept';
    const outcome = isKept ? readStoredOutcome(lead) : { ...parked, leadId: lead.leadId, locationId: null };
    const described = { ...describe(outcome, directory), moved: !isKept, from, whyNobody: explainDecision(parked) };
    return { lead: described, freedLocationId: isKept ? null : lead.locationId, taken: null };
  }
  const { locationId, used, directoryVersion } = answer;
  const trace = chosen && answer.matchLevel === 'sticky' ? { ...settled, matchLevel: 'sticky' as const } : settled;
  const outcome = { leadId: lead.leadId, status: answer.status, locationId, trace, parkedReason: null };
  return {
    lead: { ...describe(outcome, directory), moved: true, from, whyNobody: null },
    freedLocationId: lead.locationId,
    taken: { locationId, used, directoryVersion },
  };
}

function describe(outcome: StoredOutcome, directory: Directory): RoutedLead {
  return describeRoutedLead({ ...outcome, replayed: false }, directory);
}

/** The same wish again: the lead as it is now. */
function describeReplay(lead: PlacedLead, directory: Directory): ReassignOutcome {
  const described = describeRoutedLead({ ...readStoredOutcome(lead), replayed: true }, directory);
  return {
    lead: {
      ...described,
      moved: true,
      from: nameLocation(directory, lead.moves.at(-1)?.from ?? null),
      whyNobody: null,
    },
    freedLocationId: null,
    taken: null,
  };
}

function nameLocation(directory: Directory, locationId: string | null): ReassignedLead['from'] {
  if (locationId === null) return null;
  const location = directory.locationsById.get(locationId);
  return { id: locationId, name: location?.name ?? '', franchiseCode: location?.franchiseCode ?? '' };
}
