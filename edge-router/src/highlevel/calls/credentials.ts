import type { Credential } from '../caller.ts';

/** For calls that either token may make: the company's budget is small and shared, a sub-account's its own. */
export type SpentFrom = 'company' | { readonly ghlLocationId: string };

export function credentialFor(spentFrom: SpentFrom): Credential {
  return spentFrom === 'company' ? { kind: 'agency' } : { kind: 'location', ghlLocationId: spentFrom.ghlLocationId };
}

export function asLocation(ghlLocationId: string): Credential {
  return { kind: 'location', ghlLocationId };
}
