import type { DatabaseSync } from 'node:sqlite';
import { createId } from '../protocol/identifiers.ts';
import { readText } from './columns.ts';

export type SigningKeys = { readonly current: string; readonly next: string };

/** The two signing keys; rotated ones outlive a restart as long as the same pair is configured. */
export function createSigningKeysTable(database: DatabaseSync) {
  const select = database.prepare('SELECT value FROM settings WHERE name = ?');
  const upsert = database.prepare('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)');

  function readPair(name: string): SigningKeys | undefined {
    const row = select.get(name);
    return row === undefined ? undefined : (JSON.parse(readText(row, 'value')) as SigningKeys);
  }

  function writePair(name: string, keys: SigningKeys): void {
    upsert.run(name, JSON.stringify(keys));
  }

  return {
    /** Starts from the configured pair; answers the pair in use, which differs after a rotation. */
    adopt(configured: SigningKeys): SigningKeys {
      const known = readPair('configured_keys');
      const inUse = readPair('keys_in_use');
      const unchanged = known?.current === configured.current && known.next === configured.next;
      if (unchanged && inUse !== undefined) return inUse;
      writePair('configured_keys', configured);
      writePair('keys_in_use', configured);
      return configured;
    },
    /** The next key becomes the current one, and a new one the next. */
    rotate(keys: SigningKeys): SigningKeys {
      const rotated = { current: keys.next, next: createId('sig_') };
      writePair('keys_in_use', rotated);
      return rotated;
    },
  };
}
