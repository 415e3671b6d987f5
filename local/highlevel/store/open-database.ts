import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A lock that is held longer than this belongs to another sandbox. */
const BUSY_TIMEOUT_MS = 500;

/**
 * Opens or creates the file; `:memory:` keeps nothing. A commit survives kill -9; only a power cut may lose the last ones.
 * Throws one clear line when another process has the file.
 */
export function openDatabase(file: string): DatabaseSync {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    // Takes the exclusive lock now, not at the first write.
    database.exec('BEGIN IMMEDIATE; COMMIT;');
    return database;
  } catch (cause) {
    database.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot open the HighLevel sandbox's file ${file}: ${reason}`, { cause });
  }
}
