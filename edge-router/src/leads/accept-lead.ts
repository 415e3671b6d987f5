import type { Redis } from '@upstash/redis';
import { persistLater } from '../jobs/persist-later.ts';
import type { AppDeps } from '../deps.ts';
import type { ApiError } from '../http/problem.ts';
import type { Directory } from '../locations/rules/directory.ts';
import type { LeadId } from '../rules/ids.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { LeadInput } from './intake.ts';
import { decideInHand, takeLead, type Decided, type RequestContext, type RoutingDeps } from './lead-in-hand.ts';

/** The answer while Postgres is away. */
export interface AcceptedLead {
  readonly leadId: string;
  readonly status: 'accepted';
  /** Where it will probably go; Postgres decides when it is back. Null: nothing is known, or nobody is in sight. */
  readonly location: {
    readonly id: string;
    readonly name: string;
    readonly franchiseCode: string;
  } | null;
  readonly degraded: readonly ('postgres' | 'redis' | 'directory')[];
  readonly replayed: false;
}

export type AcceptDeps = RoutingDeps & Pick<AppDeps, 'qstash' | 'config'> & { readonly redis: Pick<Redis, 'eval'> };

const HINT_TTL_SECONDS = 900;
const AWAY: ApiError = { kind: 'unavailable', part: 'database', retryAfterSeconds: 5 };

/**
 * Takes the first location whose seats, as last counted, and whose hints since leave room for one more, and notes a hint there. Hints
 * spread the leads of an outage; they give no seat.
 */
const hintSeatScript = `#!lua flags=allow-key-locking
for i, key in ipairs(KEYS) do
  local cap = tonumber(ARGV[i * 2])
  local used = tonumber(ARGV[i * 2 + 1])
  local hinted = tonumber(redis.call('GET', key) or '0')
  if cap < 0 or used + hinted < cap then
    redis.call('INCR', key)
    redis.call('EXPIRE', key, ARGV[1])
    return i
  end
end
return 0`;

/**
 * Keeps a lead at QStash while Postgres is away, under its id, with the location that it will probably get. It is routed by the job
 * `persist-lead`, where Postgres decides.
 * @returns `unavailable` when QStash cannot be reached either: nothing was accepted then
 */
export async function acceptLead(
  deps: AcceptDeps,
  { leadId, input, context }: { leadId: LeadId; input: LeadInput; context: RequestContext },
): Promise<Result<AcceptedLead, ApiError>> {
  const decided = await tryToDecide(deps, { leadId, input, context });
  const hint = decided ? await hintSeat(deps, decided) : { locationId: null, isRedisAway: false };
  const { idempotencyKey } = context;
  const body = { leadId, input, hintedLocationId: hint.locationId, idempotencyKey };
  try {
    await persistLater(deps, { job: 'persist-lead', id: leadId, body, postponed: 0 });
  } catch (error) {
    deps.log({ event: 'lead_not_accepted', leadId, error });
    return err(AWAY);
  }
  deps.log({ event: 'lead_accepted_without_postgres', leadId });
  const location = hint.locationId === null ? undefined : decided?.directory.locationsById.get(hint.locationId);
  return ok({
    leadId,
    status: 'accepted',
    location: location ? { id: location.id, name: location.name, franchiseCode: location.franchiseCode } : null,
    degraded: ['postgres', ...(hint.isRedisAway ? ['redis' as const] : []), ...(decided ? [] : ['directory' as const])],
    replayed: false,
  });
}

/** Null where there is no directory either: the lead is decided when Postgres is back. */
async function tryToDecide(
  deps: AcceptDeps,
  { leadId, input, context }: { leadId: LeadId; input: LeadInput; context: RequestContext },
): Promise<Decided | null> {
  try {
    const directory = await deps.directory.current(context.background);
    const lead = takeLead(deps, { input, directory, context, leadId });
    return await decideInHand(deps, lead, context.background);
  } catch (error) {
    deps.log({ event: 'lead_not_decided', leadId, error });
    return null;
  }
}

async function hintSeat(
  deps: AcceptDeps,
  { decision, directory }: Decided,
): Promise<{ readonly locationId: string | null; readonly isRedisAway: boolean }> {
  const { attempts } = decision;
  const [first] = attempts;
  if (!first) return { locationId: null, isRedisAway: false };
  const keys = attempts.map(({ locationId }) => `hint:v1:${locationId}`);
  const numbers = attempts.flatMap((attempt) => [
    capOf(directory, attempt),
    deps.capacity.usedToday(attempt.locationId) ?? 0,
  ]);
  try {
    const place = await deps.redis.eval(hintSeatScript, keys, [HINT_TTL_SECONDS, ...numbers].map(String));
    const chosen = attempts[Number(place) - 1];
    return { locationId: (chosen ?? first).locationId, isRedisAway: false };
  } catch {
    return { locationId: first.locationId, isRedisAway: true };
  }
}

function capOf(directory: Directory, { locationId, ignoresCapacity }: Decided['decision']['attempts'][number]): number {
  if (ignoresCapacity) return -1;
  return directory.locationsById.get(locationId)?.dailyCap ?? -1;
}
