import * as z from 'zod';
import { isUnavailable } from '../../../db/database.ts';
import type { AppDeps } from '../deps.ts';
import { persistLater } from '../jobs/persist-later.ts';
import { asLeadId, isUuidv7 } from '../rules/ids.ts';
import { leadInputSchema } from './intake.ts';
import type { RequestContext, RoutingDeps } from './lead-in-hand.ts';
import { routeLead } from './route-lead.ts';

const messageSchema = z.object({
  leadId: z.string().refine(isUuidv7),
  input: leadInputSchema,
  hintedLocationId: z.uuid().nullable(),
  idempotencyKey: z.object({ apiKeyId: z.string(), key: z.string() }).nullable(),
  /** Where the request came from: nobody's address is known when it lands. */
  edgePlace: z.object({ lng: z.number(), lat: z.number() }).nullable().default(null),
  postponed: z.int().default(1),
});

/**
 * The job `persist-lead`: routes a lead that was accepted while Postgres was away, under the id that its sender knows. Where Postgres is
 * still away it waits in another message. A lead whose key came with another body meanwhile is kept as one without a key.
 */
export async function persistLead(
  deps: RoutingDeps & Pick<AppDeps, 'qstash' | 'config'>,
  body: unknown,
): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { leadId, input, hintedLocationId, idempotencyKey, edgePlace, postponed } = message.data;
  const left: Promise<unknown>[] = [];
  const context: RequestContext = {
    idempotencyKey,
    readEdgePlace: () => edgePlace,
    background: (work) => void left.push(work),
  };
  const accepted = { leadId: asLeadId(leadId), hintedLocationId };
  try {
    const routed = await routeLead(deps, { input, context, accepted });
    if (!routed.ok) {
      deps.log({ event: 'accepted_lead_conflicts', leadId, kind: routed.error.kind });
      const { externalId: _, ...withoutKey } = input;
      await routeLead(deps, { input: withoutKey, context: { ...context, idempotencyKey: null }, accepted });
    }
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    await persistLater(deps, { job: 'persist-lead', id: leadId, body: message.data, postponed });
  }
  await Promise.allSettled(left);
  return 'done';
}
