import type { DatabaseSync } from 'node:sqlite';
import { readText } from './columns.ts';

/** Which message was accepted under a deduplication key, for as long as that counts. */
export function createDeduplicationsTable(database: DatabaseSync) {
  const select = database.prepare('SELECT message_id FROM deduplications WHERE key = ? AND expires_at > ?');
  const upsert = database.prepare(
    `INSERT INTO deduplications (key, message_id, expires_at) VALUES (?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET message_id = excluded.message_id, expires_at = excluded.expires_at`,
  );
  const deleteExpired = database.prepare('DELETE FROM deduplications WHERE expires_at <= ?');

  return {
    find(key: string, nowMs: number): string | undefined {
      const row = select.get(key, nowMs);
      return row === undefined ? undefined : readText(row, 'message_id');
    },
    put: (entry: { key: string; messageId: string; expiresAtMs: number }): void =>
      void upsert.run(entry.key, entry.messageId, entry.expiresAtMs),
    trim: (nowMs: number): void => void deleteExpired.run(nowMs),
  };
}
