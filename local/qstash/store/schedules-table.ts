import type { DatabaseSync } from 'node:sqlite';
import type { PublishHeaders } from '../protocol/publish-headers.ts';
import {
  readBytes,
  readFlag,
  readNumber,
  readOptionalNumber,
  readStringMap,
  readStrings,
  readText,
  type Row,
} from './columns.ts';

export type Schedule = {
  readonly id: string;
  readonly destination: string;
  readonly cron: string;
  readonly publishHeaders: PublishHeaders;
  readonly body: Buffer;
  readonly callerIp: string;
  readonly paused: boolean;
  readonly createdAtMs: number;
  readonly lastAtMs: number | undefined;
  readonly nextAtMs: number | undefined;
  /** The messages of the last run. */
  readonly lastMessageIds: readonly string[];
};

export function createSchedulesTable(database: DatabaseSync) {
  const selectOne = database.prepare('SELECT * FROM schedules WHERE id = ?');
  const selectAll = database.prepare('SELECT * FROM schedules ORDER BY created_at, id');
  const countRows = database.prepare('SELECT count(*) AS n FROM schedules');
  const replaceRow = database.prepare(
    `INSERT OR REPLACE INTO schedules
       (id, destination, cron, headers, body, caller_ip, paused, created_at, last_at, next_at, last_message_ids)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const deleteRow = database.prepare('DELETE FROM schedules WHERE id = ?');

  return {
    find(id: string): Schedule | undefined {
      const row = selectOne.get(id);
      return row === undefined ? undefined : toSchedule(row);
    },
    list: (): Schedule[] => selectAll.all().map(toSchedule),
    count: (): number => Number(countRows.get()?.['n']),
    put(schedule: Schedule): void {
      replaceRow.run(
        schedule.id,
        schedule.destination,
        schedule.cron,
        JSON.stringify(schedule.publishHeaders),
        schedule.body,
        schedule.callerIp,
        Number(schedule.paused),
        schedule.createdAtMs,
        schedule.lastAtMs ?? null,
        schedule.nextAtMs ?? null,
        JSON.stringify(schedule.lastMessageIds),
      );
    },
    remove: (id: string): boolean => deleteRow.run(id).changes === 1,
  };
}

function toSchedule(row: Row): Schedule {
  return {
    id: readText(row, 'id'),
    destination: readText(row, 'destination'),
    cron: readText(row, 'cron'),
    publishHeaders: readStringMap(row, 'headers'),
    body: readBytes(row, 'body'),
    callerIp: readText(row, 'caller_ip'),
    paused: readFlag(row, 'paused'),
    createdAtMs: readNumber(row, 'created_at'),
    lastAtMs: readOptionalNumber(row, 'last_at'),
    nextAtMs: readOptionalNumber(row, 'next_at'),
    lastMessageIds: readStrings(row, 'last_message_ids'),
  };
}
