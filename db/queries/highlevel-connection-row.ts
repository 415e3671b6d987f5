import { sql } from 'drizzle-orm';
import * as z from 'zod';

const time = z.string().transform((text) => Date.parse(text));

/** A connection as it is stored; tokens are sealed, times are milliseconds since 1970. */
export const highlevelConnectionSchema = z.object({
  companyId: z.string(),
  status: z.enum(['connected', 'reconnect_needed']),
  statusReason: z.string().nullable(),
  version: z.coerce.number(),
  accessToken: z.string(),
  accessExpiresAtMs: time,
  refreshToken: z.string(),
  scopes: z.array(z.string()),
  installToFutureLocations: z.boolean().nullable(),
  connectedAtMs: time,
  refreshedAtMs: time.nullable(),
  /** The refresh token was sent then, and nothing that came back has been stored yet. */
  refreshSentAtMs: time.nullable(),
});

export type HighlevelConnection = z.output<typeof highlevelConnectionSchema>;

/** One JSON column named `connection`. */
export const highlevelConnectionColumns = sql`jsonb_build_object(
  'companyId', company_id, 'status', status, 'statusReason', status_reason, 'version', version,
  'accessToken', access_token, 'accessExpiresAtMs', access_expires_at, 'refreshToken', refresh_token,
  'scopes', to_jsonb(scopes), 'installToFutureLocations', install_to_future_locations,
  'connectedAtMs', connected_at, 'refreshedAtMs', refreshed_at, 'refreshSentAtMs', refresh_sent_at) as connection`;
