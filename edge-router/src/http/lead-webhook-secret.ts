import { createKeyedHash } from './hash.ts';

const SECRET_LENGTH = 40;

/**
 * The secret that a location's workflows send along with their leads. It is made of our own key and stored nowhere here, so
 * whoever receives such a lead makes it again to compare.
 */
export function makeLeadWebhookSecret(personHashKey: string, locationId: string): string {
  const hash = createKeyedHash(personHashKey);
  // No e-mail and no phone number begins like this, so it is the hash of none.
  return `swyw_${hash(`lead-webhook-secret ${locationId}`).slice(0, SECRET_LENGTH)}`;
}
