import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

type Identified = { readonly id: string };

type CollectionOptions<T> = {
  /** Also the table's name. */
  readonly name: string;
  /** The sub-account, company or other thing whose items are listed together. */
  readonly ownerOf: (item: T) => string;
  /** What items are looked up by besides their id, such as an e-mail address. */
  readonly keyOf?: (item: T) => string | undefined;
  /** When to look at the item again, for `listDue`. */
  readonly dueAtOf?: (item: T) => number | null;
  /** Left out of the export: tokens. */
  readonly secret?: boolean;
};

type Page = { readonly skip: number; readonly limit: number; readonly order?: 'asc' | 'desc' };

export type Collection<T extends Identified> = ReturnType<typeof createCollection<T>>;

/** A table of JSON documents of one kind, in the order in which they were first put. Call it inside a transaction to write. */
export function createCollection<T extends Identified>(database: DatabaseSync, options: CollectionOptions<T>) {
  const { name, ownerOf, keyOf = () => undefined, dueAtOf = () => null } = options;
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${name} (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      key TEXT,
      due_at INTEGER,
      body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS ${name}_owner ON ${name} (owner, seq);
    CREATE INDEX IF NOT EXISTS ${name}_key ON ${name} (key) WHERE key IS NOT NULL;
    CREATE INDEX IF NOT EXISTS ${name}_due ON ${name} (due_at) WHERE due_at IS NOT NULL;`);
  const upsert = database.prepare(
    `INSERT INTO ${name} (id, owner, key, due_at, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET
       owner = excluded.owner, key = excluded.key, due_at = excluded.due_at, body = excluded.body`,
  );
  const selectOne = database.prepare(`SELECT body FROM ${name} WHERE id = ?`);
  const selectOwned = database.prepare(`SELECT body FROM ${name} WHERE owner = ? ORDER BY seq`);
  const selectKeyed = database.prepare(`SELECT body FROM ${name} WHERE key = ? ORDER BY seq`);
  const selectPage = {
    asc: database.prepare(`SELECT body FROM ${name} WHERE owner = ? ORDER BY seq LIMIT ? OFFSET ?`),
    desc: database.prepare(`SELECT body FROM ${name} WHERE owner = ? ORDER BY seq DESC LIMIT ? OFFSET ?`),
  };
  const selectDue = database.prepare(`SELECT body FROM ${name} WHERE due_at <= ? ORDER BY due_at, seq`);
  const selectAll = database.prepare(`SELECT body FROM ${name} ORDER BY seq`);
  const countOwned = database.prepare(`SELECT count(*) AS n FROM ${name} WHERE owner = ?`);
  const countAll = database.prepare(`SELECT count(*) AS n FROM ${name}`);
  const deleteOne = database.prepare(`DELETE FROM ${name} WHERE id = ?`);
  const deleteOwned = database.prepare(`DELETE FROM ${name} WHERE owner = ?`);
  const deleteAll = database.prepare(`DELETE FROM ${name}`);

  function read(row: Record<string, SQLOutputValue>): T {
    return JSON.parse(String(row['body'])) as T;
  }

  return {
    name,
    secret: options.secret ?? false,
    /** Inserts, or replaces the one with this id; answers it. */
    put(item: T): T {
      upsert.run(item.id, ownerOf(item), keyOf(item) ?? null, dueAtOf(item), JSON.stringify(item));
      return item;
    },
    find(id: string): T | undefined {
      const row = selectOne.get(id);
      return row === undefined ? undefined : read(row);
    },
    listByOwner: (owner: string): T[] => selectOwned.all(owner).map(read),
    listByKey: (key: string): T[] => selectKeyed.all(key).map(read),
    /** Those whose `dueAtOf` has come, the longest due first. */
    listDue: (nowMs: number): T[] => selectDue.all(nowMs).map(read),
    page: (owner: string, { skip, limit, order = 'asc' }: Page): T[] =>
      selectPage[order].all(owner, limit, skip).map(read),
    /** Every item of the sandbox: for the export and the page, not for an answer. */
    listAll: (): T[] => selectAll.all().map(read),
    countByOwner: (owner: string): number => Number(countOwned.get(owner)?.['n']),
    count: (): number => Number(countAll.get()?.['n']),
    remove: (id: string): boolean => deleteOne.run(id).changes === 1,
    removeByOwner: (owner: string): number => Number(deleteOwned.run(owner).changes),
    clear: (): void => void deleteAll.run(),
  };
}
