import type { RoutingDeps } from './lead-in-hand.ts';
import { parseInput } from '../http/body.ts';
import { leadInputSchema } from './intake.ts';
import { routeLead } from './route-lead.ts';

/**
 * Routes the lead that an event tells of, as `POST /v1/leads` would. Its `externalId` makes it one lead, however often the event is handled.
 * Null where the body is no lead, or another body came under the same `externalId`.
 */
export async function routeStoredEvent(
  deps: RoutingDeps,
  body: unknown,
): Promise<{ readonly leadId: string; readonly replayed: boolean } | null> {
  const input = parseInput(leadInputSchema, body);
  if (!input.ok) {
    const fields = input.error.kind === 'invalid_input' ? input.error.errors.map(({ field }) => field) : [];
    deps.log({ event: 'event_is_no_lead', fields });
    return null;
  }
  const left: Promise<unknown>[] = [];
  const context = {
    idempotencyKey: null,
    readEdgePlace: () => null,
    background: (work: Promise<unknown>) => void left.push(work),
  };
  const routed = await routeLead(deps, { input: input.value, context });
  await Promise.allSettled(left);
  return routed.ok ? { leadId: routed.value.lead.leadId, replayed: routed.value.lead.replayed } : null;
}
