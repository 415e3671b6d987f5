/** What the app must be allowed. The agency's own token covers sub-accounts, snapshots, users and the company. */
export const appScopes = [
  'oauth.readonly',
  'oauth.write',
  'marketplace-installer-details.readonly',
  'locations.readonly',
  'locations/customValues.readonly',
  'locations/customValues.write',
  'locations/customFields.readonly',
  'locations/tags.readonly',
  'locations/tags.write',
  'users.readonly',
  'users.write',
  'calendars.readonly',
  'calendars.write',
  'calendars/groups.readonly',
  'calendars/groups.write',
  'workflows.readonly',
  'contacts.readonly',
  'contacts.write',
  'opportunities.readonly',
  'opportunities.write',
] as const;

export function findMissingScopes(granted: readonly string[]): string[] {
  return appScopes.filter((scope) => !granted.includes(scope));
}
