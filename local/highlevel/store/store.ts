// Everything the sandbox remembers, in one SQLite file. A request's reads and writes are one transaction, committed before it
// is answered.

import { createCollection, type Collection } from './collection.ts';
import { openDatabase } from './open-database.ts';

type Identified = { readonly id: string };

type Definition<T extends Identified> = Omit<Parameters<typeof createCollection<T>>[1], 'name'>;

export type Store = ReturnType<typeof openStore>;

export function openStore(file: string) {
  const database = openDatabase(file);
  const collections = new Map<string, Collection<Identified>>();

  /** The collection of this name, made on first use: two modules that name the same one share it. */
  function collection<T extends Identified>(name: string, definition: Definition<T>): Collection<T> {
    const known = collections.get(name);
    if (known !== undefined) return known as unknown as Collection<T>;
    const made = createCollection<T>(database, { name, ...definition });
    collections.set(name, made);
    return made;
  }

  /** All of `work` or, when it throws, nothing of it. What it answers may be acknowledged: it is in the file. */
  function transaction<T>(work: () => T): T {
    database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      database.exec('COMMIT');
      return value;
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw cause;
    }
  }

  return {
    database,
    collection,
    transaction,
    listCollections: (): Collection<Identified>[] => [...collections.values()],
    close: (): void => database.close(),
  };
}
