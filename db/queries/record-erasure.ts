import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** That somebody was erased, without saying who. */
export async function recordErasure(
  database: Database,
  erasure: {
    readonly apiKeyId: string;
    readonly hashes: readonly string[];
    readonly leads: number;
    readonly events: number;
  },
): Promise<void> {
  const { apiKeyId, hashes, leads, events } = erasure;
  await runQuery(
    database.execute(sql`
      insert into erasures (api_key_id, person_hashes, leads, events)
      values (${apiKeyId}::uuid, array(select jsonb_array_elements_text(${JSON.stringify(hashes)}::jsonb)),
        ${leads}::integer, ${events}::integer)`),
  );
}
