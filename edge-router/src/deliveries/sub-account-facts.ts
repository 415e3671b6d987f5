import type { HighlevelCaller } from '../highlevel/caller.ts';
import { listCustomFields } from '../highlevel/calls/customisation.ts';
import { listPipelines } from '../highlevel/calls/opportunities.ts';
import { listWorkflows } from '../highlevel/calls/workflows.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import type { LeadSettings } from '../rules/lead-settings.ts';
import { ok, type Result } from '../rules/result.ts';

/** Ids that are a sub-account's own; null where it has none of the name. */
export interface SubAccountFacts {
  readonly pipeline: { readonly id: string; readonly stageId: string | null } | null;
  readonly workflowId: string | null;
  readonly fieldIdsByKey: ReadonlyMap<string, string>;
}

export interface SubAccountFactsCache {
  readonly find: (
    caller: HighlevelCaller,
    ghlLocationId: string,
    delivery: LeadSettings['delivery'],
  ) => Promise<Result<SubAccountFacts, HighlevelError>>;
  /** What was known of it turned out to be wrong. */
  readonly forget: (ghlLocationId: string) => void;
}

const TTL_MS = 10 * 60_000;
const MAX_SUB_ACCOUNTS = 500;

/** One per isolate: three reads for each sub-account, now and then. */
export function createSubAccountFacts({ nowMs }: { readonly nowMs: () => number }): SubAccountFactsCache {
  const known = new Map<
    string,
    { readonly facts: SubAccountFacts; readonly wanted: string; readonly untilMs: number }
  >();
  return {
    find: async (caller, ghlLocationId, delivery) => {
      const wanted = JSON.stringify([
        delivery.pipelineName,
        delivery.stageName,
        delivery.workflowName,
        Object.keys(delivery.customFields),
      ]);
      const found = known.get(ghlLocationId);
      if (found && found.wanted === wanted && found.untilMs > nowMs()) return ok(found.facts);
      const facts = await readFacts(caller, ghlLocationId, delivery);
      if (!facts.ok) return facts;
      known.delete(ghlLocationId);
      known.set(ghlLocationId, { facts: facts.value, wanted, untilMs: nowMs() + TTL_MS });
      const [oldest] = known.keys();
      if (known.size > MAX_SUB_ACCOUNTS && oldest !== undefined) known.delete(oldest);
      return facts;
    },
    forget: (ghlLocationId) => known.delete(ghlLocationId),
  };
}

async function readFacts(
  caller: HighlevelCaller,
  ghlLocationId: string,
  delivery: LeadSettings['delivery'],
): Promise<Result<SubAccountFacts, HighlevelError>> {
  const pipelines = await listPipelines(caller, ghlLocationId);
  if (!pipelines.ok) return pipelines;
  const fieldIdsByKey = new Map<string, string>();
  if (Object.keys(delivery.customFields).length > 0) {
    const fields = await listCustomFields(caller, ghlLocationId, 'contact');
    if (!fields.ok) return fields;
    for (const { id, fieldKey } of fields.value) if (fieldKey) fieldIdsByKey.set(fieldKey, id);
  }
  let workflowId: string | null = null;
  if (delivery.workflowName !== null) {
    const workflows = await listWorkflows(caller, ghlLocationId);
    if (!workflows.ok) return workflows;
    const wanted = workflows.value.find(
      ({ name, status }) => isSame(name, delivery.workflowName) && status === 'published',
    );
    workflowId = wanted?.id ?? null;
  }
  const pipeline = pipelines.value.find(
    ({ name }) => delivery.pipelineName === null || isSame(name, delivery.pipelineName),
  );
  const stage = pipeline?.stages.find(({ name }) => delivery.stageName === null || isSame(name, delivery.stageName));
  return ok({ pipeline: pipeline ? { id: pipeline.id, stageId: stage?.id ?? null } : null, workflowId, fieldIdsByKey });
}

function isSame(name: string | null | undefined, wanted: string | null): boolean {
  return name?.trim().toLowerCase() === wanted?.trim().toLowerCase();
}
