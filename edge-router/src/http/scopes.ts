/** What an API key may be allowed to do. `*` is all of them, also those that come later. */
export const scopes = [
  'leads:read',
  'leads:write',
  'locations:read',
  'locations:write',
  'territories:read',
  'territories:write',
  'rules:read',
  'rules:write',
  'onboarding:read',
  'onboarding:write',
  'subscriptions:read',
  'subscriptions:write',
  'sources:read',
  'sources:write',
  'events:read',
  'events:write',
  'people:erase',
  'analytics:read',
  'highlevel:read',
  'highlevel:write',
] as const;
export type Scope = (typeof scopes)[number];

export function hasScope(granted: readonly string[], scope: Scope): boolean {
  return granted.includes('*') || granted.includes(scope);
}
