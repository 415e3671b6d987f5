import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { apiKeySchema, type ApiKeyRow } from './api-key-row.ts';
import { readRows } from './read-rows.ts';

const MAX_API_KEYS = 10_000;

/** All keys that are not revoked; those that expire say when. */
export function readApiKeys(database: Database): Promise<ApiKeyRow[]> {
  const statement = sql`
    select id, encode(key_hash, 'hex') as "keyHash", scopes, sources,
      extract(epoch from expires_at) * 1000 as "expiresAtMs"
    from api_keys where revoked_at is null order by id limit ${MAX_API_KEYS}::int`;
  return readRows(database, statement, apiKeySchema);
}
