import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface NewApiKey {
  readonly name: string;
  /** SHA-256 of the key, in hex. */
  readonly keyHash: string;
  readonly scopes: readonly string[];
  /** Whose leads it may send; left out: any. */
  readonly sources?: readonly string[];
  /** ISO 8601, or null for a key that does not expire. */
  readonly expiresAt: string | null;
}

/** Stores a key's hash. The same hash again changes nothing. */
export async function createApiKey(
  database: Database,
  { name, keyHash, scopes, sources, expiresAt }: NewApiKey,
): Promise<void> {
  await runQuery(
    database.execute(sql`
      insert into api_keys (name, key_hash, scopes, sources, expires_at)
      values (${name}, decode(${keyHash}, 'hex'),
        array(select jsonb_array_elements_text(${JSON.stringify(scopes)}::jsonb)),
        (select array_agg(source) from jsonb_array_elements_text(${JSON.stringify(sources ?? [])}::jsonb) as source),
        ${expiresAt}::timestamptz)
      on conflict (key_hash) do nothing`),
  );
}
