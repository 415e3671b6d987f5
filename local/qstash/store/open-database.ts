import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SCHEMA } from './schema.ts';

const SCHEMA_VERSION = 1;

/**
 * Opens or creates the file. `synchronous = FULL` makes a commit survive kill -9 and a power cut; the exclusive lock
 * keeps a second process from delivering the same messages. Throws when the file is in use or of another version.
 */
export function openDatabase(file: string): DatabaseSync {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`);
    applySchema(database, file);
    return database;
  } catch (cause) {
    database.close();
    throw new Error(`cannot open the QStash file ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function applySchema(database: DatabaseSync, file: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) throw new Error(`${file} has version ${version}, this program writes ${SCHEMA_VERSION}`);
  database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
}
