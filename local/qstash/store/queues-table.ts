import type { DatabaseSync } from 'node:sqlite';
import { readFlag, readNumber, readText, type Row } from './columns.ts';

export type Queue = {
  readonly name: string;
  readonly parallelism: number;
  readonly paused: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

type QueueChange = { readonly parallelism?: number | undefined; readonly paused?: boolean | undefined };

const DEFAULT_PARALLELISM = 1;

export function createQueuesTable(database: DatabaseSync) {
  const selectOne = database.prepare('SELECT * FROM queues WHERE name = ?');
  const selectAll = database.prepare('SELECT * FROM queues ORDER BY name');
  const upsertRow = database.prepare(
    `INSERT INTO queues (name, parallelism, paused, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET
       parallelism = excluded.parallelism, paused = excluded.paused, updated_at = excluded.updated_at`,
  );
  const deleteRow = database.prepare('DELETE FROM queues WHERE name = ?');

  function find(name: string): Queue | undefined {
    const row = selectOne.get(name);
    return row === undefined ? undefined : toQueue(row);
  }

  /** Creates the queue, or changes what is given. */
  function upsert(name: string, change: QueueChange, nowMs: number): Queue {
    const old = find(name);
    const queue: Queue = {
      name,
      parallelism: change.parallelism ?? old?.parallelism ?? DEFAULT_PARALLELISM,
      paused: change.paused ?? old?.paused ?? false,
      createdAtMs: old?.createdAtMs ?? nowMs,
      updatedAtMs: nowMs,
    };
    upsertRow.run(name, queue.parallelism, Number(queue.paused), queue.createdAtMs, queue.updatedAtMs);
    return queue;
  }

  return {
    find,
    upsert,
    list: (): Queue[] => selectAll.all().map(toQueue),
    remove: (name: string): void => void deleteRow.run(name),
  };
}

function toQueue(row: Row): Queue {
  return {
    name: readText(row, 'name'),
    parallelism: readNumber(row, 'parallelism'),
    paused: readFlag(row, 'paused'),
    createdAtMs: readNumber(row, 'created_at'),
    updatedAtMs: readNumber(row, 'updated_at'),
  };
}
