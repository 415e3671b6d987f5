import { createToken } from '../identifiers.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';

type TokenKind = 'agency-pit' | 'agency-oauth' | 'location-pit' | 'location-oauth';

export type Token = {
  /** The token itself. */
  readonly id: string;
  readonly kind: TokenKind;
  readonly companyId: string;
  /** Of a location's token only. */
  readonly locationId: string | undefined;
  /** Of an app's token only. */
  readonly appId: string | undefined;
  readonly userId: string;
  readonly scopes: readonly string[];
  /** Null for a private integration token, which never expires. */
  readonly expiresAtMs: number | null;
};

export type Tokens = ReturnType<typeof createTokens>;

/** The access tokens that open something. */
export function createTokens(store: Store, settings: Settings) {
  const tokens = store.collection<Token>('tokens', {
    ownerOf: ({ companyId }) => companyId,
    keyOf: ({ locationId }) => locationId,
    dueAtOf: ({ expiresAtMs }) => expiresAtMs,
    secret: true,
  });

  return {
    /** Undefined for one that is unknown, expired or revoked. */
    findValid(text: string, nowMs: number): Token | undefined {
      const token = tokens.find(text);
      const isExpired = token !== undefined && token.expiresAtMs !== null && token.expiresAtMs <= nowMs;
      return isExpired ? undefined : token;
    },
    put: (token: Token): Token => tokens.put(token),
    issue(token: Omit<Token, 'id' | 'expiresAtMs'>, nowMs: number): Token {
      for (const { id } of tokens.listDue(nowMs)) tokens.remove(id);
      const expiresAtMs = nowMs + settings.read().tokens.accessTokenSeconds * 1000;
      return tokens.put({ ...token, id: createToken('access'), expiresAtMs });
    },
    /** Every token with an expiry, or those of one sub-account, ends now; answers how many. */
    expireAll(nowMs: number, locationId?: string): number {
      const ending = (locationId === undefined ? tokens.listAll() : tokens.listByKey(locationId)).filter(
        ({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs > nowMs,
      );
      for (const token of ending) tokens.put({ ...token, expiresAtMs: nowMs });
      return ending.length;
    },
    /** As when a sub-account is deleted or an app uninstalled. */
    revokeOfLocation(locationId: string, appId?: string): void {
      for (const token of tokens.listByKey(locationId)) {
        if (appId === undefined || token.appId === appId) tokens.remove(token.id);
      }
    },
    revokeOfApp(companyId: string, appId: string): void {
      for (const token of tokens.listByOwner(companyId)) if (token.appId === appId) tokens.remove(token.id);
    },
    remove: tokens.remove,
  };
}
