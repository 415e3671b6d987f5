import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface NewHighlevelConnection {
  readonly companyId: string;
  /** Sealed. */
  readonly accessToken: string;
  readonly refreshToken: string;
  /** ISO 8601. */
  readonly accessExpiresAt: string;
  readonly scopes: readonly string[];
  readonly installToFutureLocations: boolean | null;
}

/** A person has connected the company, for the first time or again: whatever was there is replaced. */
export async function storeHighlevelConnection(database: Database, given: NewHighlevelConnection): Promise<void> {
  const { companyId, accessToken, refreshToken, accessExpiresAt, scopes, installToFutureLocations } = given;
  await runQuery(
    database.execute(sql`
      insert into highlevel_connections as held (company_id, status, access_token, refresh_token, access_expires_at,
        scopes, install_to_future_locations)
      values (${companyId}, 'connected', ${accessToken}, ${refreshToken}, ${accessExpiresAt}::timestamptz,
        array(select jsonb_array_elements_text(${JSON.stringify(scopes)}::jsonb)),
        ${installToFutureLocations}::boolean)
      on conflict (company_id) do update set status = 'connected', status_reason = null, version = held.version + 1,
        access_token = excluded.access_token, refresh_token = excluded.refresh_token,
        access_expires_at = excluded.access_expires_at, scopes = excluded.scopes,
        install_to_future_locations = excluded.install_to_future_locations, connected_at = now(), refreshed_at = null,
        refresh_sent_at = null, refresh_lease = null, refresh_lease_until = null`),
  );
}
