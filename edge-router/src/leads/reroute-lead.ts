import type { ParkingRetries } from '../jobs/parking-retries.ts';
import type { DecideAgainDeps } from './decide-again.ts';
import { reassignStoredLead } from './reassign-lead.ts';

/** Whose wish it is, among the API keys: nobody's. */
const NO_KEY = '00000000-0000-0000-0000-000000000000';

/**
 * Takes a lead from the location that has it and gives it to another, by the same rules and without whoever had it; where nobody else can
 * take it, it stays. The same key again moves nothing, and answers as the first time.
 */
export async function rerouteLead(
  deps: DecideAgainDeps,
  wish: { readonly leadId: string; readonly holderId: string; readonly reason: string; readonly key: string },
  parkingRetries: Pick<ParkingRetries, 'offerSeat'>,
): Promise<boolean> {
  const { leadId, holderId, reason, key } = wish;
  const left: Promise<unknown>[] = [];
  const background = (work: Promise<unknown>): void => void left.push(work);
  const input = { reason, exclude: [], whenNobody: 'keep' as const };
  const idempotencyKey = { apiKeyId: NO_KEY, key };
  const reassigned = await reassignStoredLead(
    deps,
    { leadId, input, kind: 'reassigned', holderId, idempotencyKey },
    background,
  );
  if (!reassigned.ok) {
    deps.log({ event: 'lead_not_rerouted', leadId, kind: reassigned.error.kind });
    return false;
  }
  const { lead, taken, freedLocationId } = reassigned.value;
  if (taken) deps.capacity.notice(taken.locationId, taken.used);
  if (freedLocationId) parkingRetries.offerSeat(freedLocationId, background);
  await Promise.allSettled(left);
  return lead.moved;
}
