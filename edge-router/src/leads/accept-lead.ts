import type { Redis } from '@upstash/redis';
import * as z from 'zod';
import { hashText } from '../http/hash.ts';
import { persistLater } from '../jobs/persist-later.ts';
import type { AppDeps } from '../deps.ts';
import type { ApiError } from '../http/problem.ts';
import type { Directory } from '../locations/rules/directory.ts';
import type { LeadId } from '../rules/ids.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { LeadInput } from './intake.ts';
import {
  decideInHand,
  hashInput,
  takeLead,
  type Decided,
  type RequestContext,
  type RoutingDeps,
} from './lead-in-hand.ts';

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
  /** The same lead came before under the same key, while Postgres was away. */
  readonly replayed: boolean;
}

export type AcceptDeps = RoutingDeps & Pick<AppDeps, 'qstash' | 'config'> & { readonly redis: Pick<Redis, 'eval'> };

const HINT_TTL_SECONDS = 900;
const ACCEPTED_TTL_SECONDS = 86_400;
const AWAY: ApiError = { kind: 'unavailable', part: 'database', retryAfterSeconds: 5 };

/**
 * Answers what was accepted under this key before. Else it takes the first location whose seats, as last counted, and whose hints since
 * leave room for one more, notes a hint there, and keeps both under the key. Hints spread the leads of an outage; they give no seat.
 * KEYS: the lead's own (`isKnown` of them, 0 or 1), then a hint's for each location.
 * ARGV: isKnown, the lead's id and body hash, both lives in seconds, then a cap (negative: none) and the seats taken for each location.
 */
const acceptScript = `#!lua flags=allow-key-locking
local known = tonumber(ARGV[1])
local before = known == 1 and redis.call('GET', KEYS[1])
if before then return before end
local hint = ''
for i = known + 1, #KEYS do
  local cap = tonumber(ARGV[4 + (i - known) * 2])
  local used = tonumber(ARGV[5 + (i - known) * 2])
  local hinted = tonumber(redis.call('GET', KEYS[i]) or '0')
  if cap < 0 or used + hinted < cap then
    redis.call('INCR', KEYS[i])
    redis.call('EXPIRE', KEYS[i], ARGV[5])
    hint = KEYS[i]
    break
  end
end
local kept = ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. hint
if known == 1 then redis.call('SET', KEYS[1], kept, 'EX', ARGV[4]) end
return kept`;

const HINT_PREFIX = 'hint:v1:';
const keptSchema = z
  .string()
  .transform((text) => text.split(' '))
  .pipe(z.tuple([z.uuid(), z.string(), z.string()]));

/**
 * Keeps a lead at QStash while Postgres is away, under its id, with the location that it will probably get. It is routed by the job
 * `persist-lead`, where Postgres decides. The same lead again under the same key is the same one, as long as Redis knows it.
 * @returns `unavailable` when QStash cannot be reached either: nothing was accepted then
 */
export async function acceptLead(
  deps: AcceptDeps,
  { leadId: newLeadId, input, context }: { leadId: LeadId; input: LeadInput; context: RequestContext },
): Promise<Result<AcceptedLead, ApiError>> {
  const decided = await tryToDecide(deps, { leadId: newLeadId, input, context });
  const found = await recognise(deps, { leadId: newLeadId, input, context, decided });
  const { leadId, locationId, isRedisAway } = found;
  const { idempotencyKey, readEdgePlace } = context;
  // Sent again for a known one too: whoever accepted it first may not have reached QStash, which drops what it has.
  const body = { leadId, input, hintedLocationId: locationId, idempotencyKey, edgePlace: readEdgePlace() };
  try {
    await persistLater(deps, { job: 'persist-lead', id: leadId, body, postponed: 0 });
  } catch (error) {
    deps.log({ event: 'lead_not_accepted', leadId, error });
    return err(AWAY);
  }
  deps.log({ event: 'lead_accepted_without_postgres', leadId });
  const location = locationId === null ? undefined : decided?.directory.locationsById.get(locationId);
  return ok({
    leadId,
    status: 'accepted',
    location: location ? { id: location.id, name: location.name, franchiseCode: location.franchiseCode } : null,
    degraded: ['postgres', ...(isRedisAway ? ['redis' as const] : []), ...(decided ? [] : ['directory' as const])],
    replayed: leadId !== newLeadId,
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

interface Accepting {
  readonly leadId: LeadId;
  readonly input: LeadInput;
  readonly context: RequestContext;
  readonly decided: Decided | null;
}

interface Recognised {
  readonly leadId: string;
  readonly locationId: string | null;
  readonly isRedisAway: boolean;
}

/** What this lead was accepted as before, or a hint for it. One with another body under the same key is one of its own. */
async function recognise(deps: AcceptDeps, accepting: Accepting): Promise<Recognised> {
  const { leadId, input, context, decided } = accepting;
  const attempts = decided?.decision.attempts ?? [];
  const bodyHash = hashInput(input);
  const numbers = attempts.flatMap((attempt) => [
    decided ? capOf(decided.directory, attempt) : -1,
    deps.capacity.usedToday(attempt.locationId) ?? 0,
  ]);
  const ask = async (ownKeys: readonly string[]) => {
    const keys = [...ownKeys, ...attempts.map(({ locationId }) => `${HINT_PREFIX}${locationId}`)];
    const values = [ownKeys.length, leadId, bodyHash, ACCEPTED_TTL_SECONDS, HINT_TTL_SECONDS, ...numbers];
    const [keptId, keptHash, hint] = keptSchema.parse(await deps.redis.eval(acceptScript, keys, values.map(String)));
    const locationId = hint === '' ? (attempts[0]?.locationId ?? null) : hint.slice(HINT_PREFIX.length);
    return { leadId: keptId, bodyHash: keptHash, locationId, isRedisAway: false };
  };
  const ownKeys = describeKey(input, context);
  if (ownKeys.length + attempts.length === 0) return { leadId, locationId: null, isRedisAway: false };
  try {
    const known = await ask(ownKeys);
    return known.bodyHash === bodyHash ? known : await ask([]);
  } catch {
    return { leadId, locationId: attempts[0]?.locationId ?? null, isRedisAway: true };
  }
}

/** What the sender knows the lead by, hashed: it may be an e-mail address. */
function describeKey({ source, externalId }: LeadInput, { idempotencyKey }: RequestContext): string[] {
  if (externalId !== undefined) return [`accepted:v1:lead:${hashText(`${source} ${externalId}`)}`];
  return idempotencyKey === null
    ? []
    : [`accepted:v1:key:${hashText(`${idempotencyKey.apiKeyId} ${idempotencyKey.key}`)}`];
}

function capOf(directory: Directory, { locationId, ignoresCapacity }: Decided['decision']['attempts'][number]): number {
  if (ignoresCapacity) return -1;
  return directory.locationsById.get(locationId)?.dailyCap ?? -1;
}
