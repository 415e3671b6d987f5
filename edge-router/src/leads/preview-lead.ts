import * as z from 'zod';
import { readCapacity } from '../../../db/queries/read-capacity.ts';
import type { AppDeps } from '../deps.ts';
import type { CapacityCopies } from '../locations/capacity-copies.ts';
import type { DirectoryHolder, RunInBackground } from '../locations/directory-holder.ts';
import type { Directory } from '../locations/rules/directory.ts';
import type { LeadInput } from './intake.ts';
import { describeRoutedLead, type RoutedLead } from './routed-lead.ts';
import { questionOf } from './rules/routing-question.ts';
import { decide } from './rules/decide.ts';
import { settleTrace, type Attempt, type Decision, type Refusal, type RefusalVerdict } from './rules/decision.ts';
import { normaliseLead } from './rules/normalise.ts';

export type PreviewedLead = Omit<RoutedLead, 'leadId'> & {
  readonly leadId: null;
  /** Where the seats taken today were read: this isolate's copy of them, or Postgres now. */
  readonly basis: 'isolate' | 'postgres';
  /** How old that copy is; 0 from Postgres, null where the isolate has none and so takes everybody to have room. */
  readonly capacityAgeSeconds: number | null;
  /** Those of whom one gets the lead by its turn, which is taken with the seat and so not foreseen; `location` is null. */
  readonly turnAmong: readonly { readonly locationId: string; readonly weight: number }[] | null;
};

export type PreviewLeadDeps = Pick<AppDeps, 'database' | 'postalCodes' | 'nowMs'> & {
  readonly capacity: CapacityCopies;
  readonly directory: Pick<DirectoryHolder, 'current' | 'forLead'>;
};

interface PreviewRequest {
  readonly input: LeadInput;
  /** Asks Postgres for the seats taken. */
  readonly exact: boolean;
  readonly background: RunInBackground;
}

/** Query of `POST /v1/leads/preview`. */
export const previewQuerySchema = z.strictObject({
  exact: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});

/** As often as an assignment decides again when everybody it asked was full. */
const MAX_DECISIONS = 3;

/**
 * What would become of this lead now. Writes nothing and takes no seat: the capacity is read, not held, and neither
 * the person nor the externalId is looked up, so `sticky` and `duplicate` are not foreseen. Unless it is to be exact, it
 * waits for nobody but, at an isolate's first, for the copy of the seats.
 */
export async function previewLead(deps: PreviewLeadDeps, request: PreviewRequest): Promise<PreviewedLead> {
  const { clean, notes } = normaliseLead(request.input);
  const { rules } = await deps.directory.current(request.background);
  // Who asks is not who will send the lead, so no place of an address stands in.
  const question = questionOf(clean, { rules, readEdgePlace: () => null });
  const refusals = new Map<string, RefusalVerdict>();
  if (!request.exact) await deps.capacity.ensure(request.background);
  for (let decisions = 1; ; decisions++) {
    const knowledge = { stickyLocationId: null, refusals };
    const directory = await deps.directory.forLead({ question, knowledge }, request.background);
    const decision = decide({
      question,
      directory,
      postalCodes: deps.postalCodes,
      knowledge,
      notes,
      nowMs: deps.nowMs(),
      usedToday: deps.capacity.usedToday,
    });
    const isFull = await findWhoIsFull(deps, { decision, directory, exact: request.exact });
    const taken = takeFirstWithRoom(decision.attempts, isFull);
    if (taken.chosen || taken.refusals.length === 0 || decisions === MAX_DECISIONS) {
      const basis = request.exact ? 'postgres' : 'isolate';
      const capacityAgeSeconds = request.exact ? 0 : deps.capacity.ageSeconds();
      return { ...describe({ decision, directory, taken }), basis, capacityAgeSeconds };
    }
    for (const { locationId, verdict } of taken.refusals) refusals.set(locationId, verdict);
  }
}

type IsFull = (attempt: Attempt) => boolean;

async function findWhoIsFull(
  deps: PreviewLeadDeps,
  { decision, directory, exact }: { decision: Decision; directory: Directory; exact: boolean },
): Promise<IsFull> {
  if (!exact) {
    return ({ locationId }) => {
      const dailyCap = directory.locationsById.get(locationId)?.dailyCap ?? null;
      return dailyCap !== null && (deps.capacity.usedToday(locationId) ?? 0) >= dailyCap;
    };
  }
  const ids = decision.attempts.map(({ locationId }) => locationId);
  const capacities = ids.length > 0 ? await readCapacity(deps.database, ids) : [];
  const full = capacities.filter(({ used, dailyCap }) => dailyCap !== null && used >= dailyCap);
  const fullIds = new Set(full.map(({ locationId }) => locationId));
  return ({ locationId }) => fullIds.has(locationId);
}

interface Taken {
  readonly chosen: Attempt | null;
  /** More than one where they take turns. */
  readonly group: readonly Attempt[];
  readonly refusals: readonly Refusal[];
}

function takeFirstWithRoom(attempts: readonly Attempt[], isFull: IsFull): Taken {
  const hasRoom = (attempt: Attempt): boolean => attempt.ignoresCapacity || !isFull(attempt);
  const place = attempts.findIndex(hasRoom);
  const refused = place === -1 ? attempts : attempts.slice(0, place);
  const refusals = refused.map(({ locationId }) => ({ locationId, verdict: 'full' as const }));
  const chosen = attempts[place];
  if (!chosen) return { chosen: null, group: [], refusals };
  if (chosen.pool === undefined) return { chosen, group: [chosen], refusals };
  const after = attempts.slice(place).findIndex(({ pool }) => pool !== chosen.pool);
  const members = attempts.slice(place, after === -1 ? undefined : place + after);
  const group = members.filter(hasRoom);
  const fullMembers = members.filter((member) => !hasRoom(member));
  return {
    chosen,
    group,
    refusals: [...refusals, ...fullMembers.map(({ locationId }) => ({ locationId, verdict: 'full' as const }))],
  };
}

function describe({
  decision,
  directory,
  taken: { chosen, group, refusals },
}: {
  decision: Decision;
  directory: Directory;
  taken: Taken;
}): Omit<PreviewedLead, 'basis' | 'capacityAgeSeconds'> {
  const takesTurns = chosen !== null && group.length > 1;
  const routed = describeRoutedLead(
    {
      leadId: '',
      status: chosen ? 'assigned' : 'parked',
      locationId: takesTurns ? null : (chosen?.locationId ?? null),
      trace: settleTrace(decision.trace, { chosen: takesTurns ? null : chosen, refusals }),
      parkedReason: chosen ? null : decision.parkedReason,
      replayed: false,
    },
    directory,
  );
  if (!takesTurns) return { ...routed, leadId: null, turnAmong: null };
  const reason = `One of these ${group.length} gets the lead by its turn, which is decided when the lead is assigned.`;
  return {
    ...routed,
    leadId: null,
    decision: { ...routed.decision, matchLevel: chosen.matchLevel, reason },
    turnAmong: group.map(({ locationId, weight = 1 }) => ({ locationId, weight })),
  };
}
