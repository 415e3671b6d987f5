import { makeLeadWebhookSecret } from '../http/lead-webhook-secret.ts';
import { fillTemplate, type LocationFacts } from './rules/custom-values.ts';
import type { CheckContext } from './step.ts';

export function makeFacts({
  deps,
  locationId,
  ghlLocationId,
}: Pick<CheckContext, 'deps' | 'locationId' | 'ghlLocationId'>): LocationFacts {
  return {
    locationId,
    ghlLocationId,
    leadWebhookUrl: `${deps.config.publicUrl}/v1/webhooks/highlevel/workflow/${locationId}`,
    leadWebhookSecret: makeLeadWebhookSecret(deps.config.personHashKey, locationId),
  };
}

/** What every custom value of the settings ought to be at a location, by key. */
export function findWantedValues(
  context: Pick<CheckContext, 'deps' | 'row' | 'settings' | 'locationId' | 'ghlLocationId'>,
): Record<string, string> {
  const facts = makeFacts(context);
  return Object.fromEntries(
    Object.entries(context.settings.customValues).map(([key, template]) => [
      key,
      fillTemplate(template, context.row, facts),
    ]),
  );
}
