import { createKeyedHash } from '../http/hash.ts';
import type { OnboardingDeps } from './deps.ts';
import { fillTemplate, type LocationFacts } from './rules/custom-values.ts';
import type { CheckContext } from './step.ts';

const SECRET_LENGTH = 40;

/**
 * The secret that a location's workflows send along with their leads. It is made of our own key and stored nowhere here, so
 * whoever receives such a lead makes it again to compare.
 */
function makeLeadWebhookSecret({ config }: Pick<OnboardingDeps, 'config'>, locationId: string): string {
  const hash = createKeyedHash(config.personHashKey);
  // No e-mail and no phone number begins like this, so it is the hash of none.
  return `swyw_${hash(`lead-webhook-secret ${locationId}`).slice(0, SECRET_LENGTH)}`;
}

export function makeFacts({
  deps,
  locationId,
  ghlLocationId,
}: Pick<CheckContext, 'deps' | 'locationId' | 'ghlLocationId'>): LocationFacts {
  return {
    locationId,
    ghlLocationId,
    leadWebhookUrl: `${deps.config.publicUrl}/v1/webhooks/highlevel/workflow/${locationId}`,
    leadWebhookSecret: makeLeadWebhookSecret(deps, locationId),
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
