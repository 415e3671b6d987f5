import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { apiKeySchema, type ApiKeyRow } from './api-key-row.ts';
import { readRows } from './read-rows.ts';

/** The key with this SHA-256 (hex), unless it was revoked. */
export async function findApiKey(database: Database, keyHash: string): Promise<ApiKeyRow | null> {
  const statement = sql`
    select id, encode(key_hash, 'hex') as "keyHash", scopes, sources,
      extract(epoch from expires_at) * 1000 as "expiresAtMs"
    from api_keys where key_hash = decode(${keyHash}, 'hex') and revoked_at is null`;
  const [found] = await readRows(database, statement, apiKeySchema);
  return found ?? null;
}
