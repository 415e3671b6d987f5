import type { DatabaseSync } from 'node:sqlite';
import type { HeaderLists } from '../protocol/header-names.ts';
import type { DeliveryResponse } from '../protocol/message.ts';
import { readBytes, readNumber, readOptionalText, readText, type Row } from './columns.ts';

export type DeadLetter = {
  readonly seq: number;
  readonly dlqId: string;
  readonly messageId: string;
  readonly response: DeliveryResponse;
};

export function createDeadLettersTable(database: DatabaseSync) {
  const insertRow = database.prepare(
    `INSERT INTO dead_letters (dlq_id, message_id, created_at, response_status, response_headers, response_body, error)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const selectLastSeq = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'dead_letters'");
  const selectOne = database.prepare('SELECT * FROM dead_letters WHERE dlq_id = ?');
  const selectBefore = database.prepare('SELECT * FROM dead_letters WHERE seq < ? ORDER BY seq DESC');
  const countRows = database.prepare('SELECT count(*) AS n FROM dead_letters');
  const deleteRow = database.prepare('DELETE FROM dead_letters WHERE dlq_id = ?');
  const trimRows = database.prepare(
    `DELETE FROM dead_letters WHERE created_at < ?
       OR seq IN (SELECT seq FROM dead_letters ORDER BY seq DESC LIMIT -1 OFFSET ?)`,
  );

  return {
    /** Answers the new entry's id, `1725323658779-0` in QStash's manner. */
    insert(messageId: string, response: DeliveryResponse, atMs: number): string {
      const dlqId = `${atMs}-${Number(selectLastSeq.get()?.['seq'] ?? 0)}`;
      const { status, headers, body, error } = response;
      insertRow.run(dlqId, messageId, atMs, status, JSON.stringify(headers), body, error ?? null);
      return dlqId;
    },
    find(dlqId: string): DeadLetter | undefined {
      const row = selectOne.get(dlqId);
      return row === undefined ? undefined : toDeadLetter(row);
    },
    /** Newest first, from before `beforeSeq`. */
    *scan(beforeSeq: number): Generator<DeadLetter> {
      for (const row of selectBefore.iterate(beforeSeq)) yield toDeadLetter(row);
    },
    count: (): number => Number(countRows.get()?.['n']),
    remove: (dlqId: string): boolean => deleteRow.run(dlqId).changes === 1,
    trim: (limits: { olderThanMs: number; kept: number }): void => void trimRows.run(limits.olderThanMs, limits.kept),
  };
}

function toDeadLetter(row: Row): DeadLetter {
  return {
    seq: readNumber(row, 'seq'),
    dlqId: readText(row, 'dlq_id'),
    messageId: readText(row, 'message_id'),
    response: {
      status: readNumber(row, 'response_status'),
      headers: JSON.parse(readText(row, 'response_headers')) as HeaderLists,
      body: readBytes(row, 'response_body'),
      error: readOptionalText(row, 'error'),
    },
  };
}
