import type { DatabaseSync } from 'node:sqlite';
import type { EventDetail, EventState } from '../protocol/event-json.ts';
import { readNumber, readOptionalText, readText, type Row } from './columns.ts';

export type EventRow = {
  readonly seq: number;
  readonly timeMs: number;
  readonly messageId: string;
  readonly state: EventState;
  readonly detail: EventDetail;
};

/** The log: who became what, when. What the message was is read from its own row. */
export function createEventsTable(database: DatabaseSync) {
  const insertRow = database.prepare('INSERT INTO events (time, message_id, state, detail) VALUES (?, ?, ?, ?)');
  const selectBefore = database.prepare('SELECT * FROM events WHERE seq < ? ORDER BY seq DESC');
  const selectOf = database.prepare('SELECT * FROM events WHERE message_id = ? AND seq < ? ORDER BY seq DESC');
  const trimRows = database.prepare('DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?');

  return {
    insert(messageId: string, state: EventState, atMs: number, detail?: EventDetail): void {
      insertRow.run(atMs, messageId, state, detail === undefined ? null : JSON.stringify(detail));
    },
    /** Newest first, from before `beforeSeq`. */
    *scan(beforeSeq: number): Generator<EventRow> {
      for (const row of selectBefore.iterate(beforeSeq)) yield toEvent(row);
    },
    listOf(messageIds: readonly string[], beforeSeq: number): EventRow[] {
      const rows = messageIds.flatMap((id) => selectOf.all(id, beforeSeq).map(toEvent));
      return rows.sort((a, b) => b.seq - a.seq);
    },
    /** Keeps the newest `kept`. */
    trim: (kept: number): void => void trimRows.run(kept),
  };
}

function toEvent(row: Row): EventRow {
  const detail = readOptionalText(row, 'detail');
  return {
    seq: readNumber(row, 'seq'),
    timeMs: readNumber(row, 'time'),
    messageId: readText(row, 'message_id'),
    state: readText(row, 'state') as EventState,
    detail: detail === undefined ? {} : (JSON.parse(detail) as EventDetail),
  };
}
