import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { noAccess, unauthorized } from '../http/answers.ts';
import type { Answer, Route, SecurityScheme } from '../http/route.ts';
import type { Token } from './tokens.ts';

const acceptedBy: Readonly<Record<SecurityScheme, readonly Token['kind'][]>> = {
  'Agency-Access': ['agency-pit', 'agency-oauth'],
  'Agency-Access-Only': ['agency-oauth'],
  'Location-Access': ['location-pit', 'location-oauth'],
  'Location-Access-Only': ['location-oauth'],
};

/** Whether a valid token may make this call: its kind first, then its scopes. */
export function authorize(token: Token, { security, scope }: Pick<Route, 'security' | 'scope'>): Result<null, Answer> {
  const isAccepted = security.some((scheme) => acceptedBy[scheme].includes(token.kind));
  if (!isAccepted) return err(refuseKind(token, security));
  if (scope !== undefined && !token.scopes.includes(scope)) {
    return err(unauthorized('The token is not authorized for this scope.'));
  }
  return ok(null);
}

/** An agency's token has no access to what belongs to a sub-account; the rest is a class of token that the route refuses. */
function refuseKind(token: Token, security: readonly SecurityScheme[]): Answer {
  const wantsLocation = security.every((scheme) => scheme.startsWith('Location'));
  const hasLocation = token.kind.startsWith('location');
  if (wantsLocation && !hasLocation) return noAccess;
  return unauthorized('This authClass type is not allowed to access this scope.');
}
