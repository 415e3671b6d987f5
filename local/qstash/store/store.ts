// Everything the stand-in remembers, in one SQLite file. Reads are answered at once; writes go through `write`, whose
// promise resolves when they are on disk. Nothing is acknowledged to a caller before that.

import { createDeadLettersTable } from './dead-letters-table.ts';
import { createDeduplicationsTable } from './deduplications-table.ts';
import { createEventsTable } from './events-table.ts';
import { createFlowKeysTable } from './flow-keys-table.ts';
import { createGroupCommit } from './group-commit.ts';
import { createMessagesTable } from './messages-table.ts';
import { openDatabase } from './open-database.ts';
import { createQueuesTable } from './queues-table.ts';
import { createSchedulesTable } from './schedules-table.ts';
import { createSigningKeysTable } from './signing-keys-table.ts';
import { createUrlGroupsTable } from './url-groups-table.ts';

export type Store = ReturnType<typeof openStore>;

/** Opens the file (`:memory:` keeps nothing). Throws when another process has it open. */
export function openStore(file: string) {
  const database = openDatabase(file);
  const { write, close } = createGroupCommit(database);
  return {
    write,
    close,
    messages: createMessagesTable(database),
    events: createEventsTable(database),
    deadLetters: createDeadLettersTable(database),
    deduplications: createDeduplicationsTable(database),
    queues: createQueuesTable(database),
    urlGroups: createUrlGroupsTable(database),
    schedules: createSchedulesTable(database),
    flowKeys: createFlowKeysTable(database),
    signingKeys: createSigningKeysTable(database),
  };
}
