import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export interface RefreshedTokens {
  readonly companyId: string;
  readonly version: number;
  /** Sealed. */
  readonly accessToken: string;
  readonly refreshToken: string;
  /** ISO 8601. */
  readonly accessExpiresAt: string;
  readonly scopes: readonly string[];
}

/**
 * Replaces the tokens of `version`, whoever holds the lease by now: two who refreshed within HighLevel's grace were given the
 * same. Answers the new version, or null where newer ones are stored already.
 */
export async function storeRefreshedTokens(database: Database, tokens: RefreshedTokens): Promise<number | null> {
  const { companyId, version, accessToken, refreshToken, accessExpiresAt, scopes } = tokens;
  const statement = sql`
    update highlevel_connections set version = version + 1, access_token = ${accessToken},
      refresh_token = ${refreshToken}, access_expires_at = ${accessExpiresAt}::timestamptz,
      scopes = array(select jsonb_array_elements_text(${JSON.stringify(scopes)}::jsonb)),
      refreshed_at = now(), refresh_sent_at = null, refresh_lease = null, refresh_lease_until = null
    where company_id = ${companyId} and version = ${version}::bigint
    returning version`;
  return (await readRows(database, statement, z.object({ version: z.coerce.number() })))[0]?.version ?? null;
}
