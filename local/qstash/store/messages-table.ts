import type { DatabaseSync } from 'node:sqlite';
import type { Message, QueueSlot } from '../protocol/message.ts';
import { parsePublishHeaders } from '../protocol/publish-headers.ts';
import { readBytes, readNumber, readOptionalText, readStringMap, readText, type Row } from './columns.ts';

/** What a delivery has to know of a waiting message without reading its body. */
export type PendingMessage = {
  readonly id: string;
  /** The order in which messages were accepted. */
  readonly seq: number;
  readonly dueAtMs: number;
  readonly queueName: string | undefined;
  readonly flowKey: string | undefined;
  readonly heldSlot: QueueSlot | undefined;
};

type FinalState = 'DELIVERED' | 'FAILED' | 'CANCELED';

const PENDING_COLUMNS = 'id, seq, due_at, queue_name, flow_key, held_queue, held_by';
const HEADER_COLUMNS = `${PENDING_COLUMNS}, url, headers, caller_ip, topic_name, endpoint_name, schedule_id, created_at, not_before, retried`;

export function createMessagesTable(database: DatabaseSync) {
  const insertRow = database.prepare(
    `INSERT INTO messages (id, url, headers, body, caller_ip, topic_name, endpoint_name, schedule_id, queue_name,
       flow_key, held_queue, held_by, created_at, not_before, due_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const selectOne = database.prepare('SELECT * FROM messages WHERE id = ?');
  const selectUnfinished = database.prepare('SELECT * FROM messages WHERE id = ? AND finished_at IS NULL');
  const selectPending = database.prepare(
    `SELECT ${PENDING_COLUMNS} FROM messages WHERE finished_at IS NULL ORDER BY seq`,
  );
  const selectHeads = database.prepare(`SELECT ${HEADER_COLUMNS} FROM messages WHERE finished_at IS NULL ORDER BY seq`);
  const selectQueued = database.prepare('SELECT id FROM messages WHERE queue_name = ? AND finished_at IS NULL');
  const countQueued = database.prepare(
    'SELECT count(*) AS n FROM messages WHERE queue_name = ? AND finished_at IS NULL',
  );
  const countUnfinished = database.prepare('SELECT count(*) AS n FROM messages WHERE finished_at IS NULL');
  const selectState = database.prepare('SELECT final_state FROM messages WHERE id = ?');
  const postponeRow = database.prepare('UPDATE messages SET due_at = ?, retried = retried + 1 WHERE id = ?');
  const finishRow = database.prepare(
    'UPDATE messages SET finished_at = ?, final_state = ? WHERE id = ? AND finished_at IS NULL',
  );
  const trimRows = database.prepare(
    `DELETE FROM messages WHERE seq IN (
       SELECT seq FROM messages WHERE finished_at IS NOT NULL AND id NOT IN (SELECT message_id FROM dead_letters)
       ORDER BY finished_at DESC LIMIT -1 OFFSET ?)`,
  );

  /** Takes the message in, due at its `notBeforeMs`. */
  function insert(message: Message): PendingMessage {
    const { id, queueName, heldSlot, notBeforeMs } = message;
    const flowKey = message.spec.flowControl?.key;
    const { lastInsertRowid } = insertRow.run(
      id,
      message.url,
      JSON.stringify(message.publishHeaders),
      message.body,
      message.callerIp,
      message.topicName ?? null,
      message.endpointName ?? null,
      message.scheduleId ?? null,
      queueName ?? null,
      flowKey ?? null,
      heldSlot?.queueName ?? null,
      heldSlot?.holderId ?? null,
      message.createdAtMs,
      notBeforeMs,
      notBeforeMs,
    );
    return { id, seq: Number(lastInsertRowid), dueAtMs: notBeforeMs, queueName, flowKey, heldSlot };
  }

  return {
    insert,
    /** Finished or not, for the log and the dead letters. */
    find: (id: string): Message | undefined => mapRow(selectOne.get(id), toMessage),
    findUnfinished: (id: string): Message | undefined => mapRow(selectUnfinished.get(id), toMessage),
    listPending: (): PendingMessage[] => selectPending.all().map(toPending),
    /** Every unfinished message without its body, one at a time. */
    *scanUnfinished(): Generator<Message> {
      for (const row of selectHeads.iterate()) yield toMessage(row);
    },
    listQueued: (queueName: string): string[] => selectQueued.all(queueName).map((row) => readText(row, 'id')),
    countQueued: (queueName: string): number => Number(countQueued.get(queueName)?.['n']),
    countUnfinished: (): number => Number(countUnfinished.get()?.['n']),
    /** Undefined while it is under way, and for a message that is no longer known. */
    readFinalState: (id: string): FinalState | 'IN_PROGRESS' | undefined => mapRow(selectState.get(id), toFinalState),
    postpone: (id: string, dueAtMs: number): void => void postponeRow.run(dueAtMs, id),
    /** False when it was finished already. */
    finish: (id: string, state: FinalState, atMs: number): boolean => finishRow.run(atMs, state, id).changes === 1,
    /** Forgets finished messages beyond the newest `kept`, except dead letters. */
    trim: (kept: number): void => void trimRows.run(kept),
  };
}

function mapRow<T>(row: Row | undefined, map: (row: Row) => T): T | undefined {
  return row === undefined ? undefined : map(row);
}

function toFinalState(row: Row): FinalState | 'IN_PROGRESS' {
  return (readOptionalText(row, 'final_state') as FinalState | undefined) ?? 'IN_PROGRESS';
}

function toPending(row: Row): PendingMessage {
  return {
    id: readText(row, 'id'),
    seq: readNumber(row, 'seq'),
    dueAtMs: readNumber(row, 'due_at'),
    queueName: readOptionalText(row, 'queue_name'),
    flowKey: readOptionalText(row, 'flow_key'),
    heldSlot: readHeldSlot(row),
  };
}

function readHeldSlot(row: Row): QueueSlot | undefined {
  const queueName = readOptionalText(row, 'held_queue');
  const holderId = readOptionalText(row, 'held_by');
  return queueName === undefined || holderId === undefined ? undefined : { queueName, holderId };
}

function toMessage(row: Row): Message {
  const publishHeaders = readStringMap(row, 'headers');
  const spec = parsePublishHeaders(publishHeaders);
  // They were parsed before they were stored.
  if (!spec.ok) throw new Error(`stored message ${readText(row, 'id')}: ${spec.error}`);
  return {
    id: readText(row, 'id'),
    url: readText(row, 'url'),
    publishHeaders,
    spec: spec.value,
    body: readBytes(row, 'body'),
    callerIp: readText(row, 'caller_ip'),
    topicName: readOptionalText(row, 'topic_name'),
    endpointName: readOptionalText(row, 'endpoint_name'),
    scheduleId: readOptionalText(row, 'schedule_id'),
    queueName: readOptionalText(row, 'queue_name'),
    heldSlot: readHeldSlot(row),
    createdAtMs: readNumber(row, 'created_at'),
    notBeforeMs: readNumber(row, 'not_before'),
    retried: readNumber(row, 'retried'),
  };
}
