/** On the contact that verify-setup makes and removes. Whoever counts or routes contacts leaves those with it out. */
export const PROBE_TAG = 'switchyard-probe';

/** Nobody's: example.com never delivers. One for each sub-account, so that a rerun finds what an earlier one left. */
export function toProbeEmail(ghlLocationId: string): string {
  return `switchyard-probe+${ghlLocationId.toLowerCase()}@example.com`;
}
