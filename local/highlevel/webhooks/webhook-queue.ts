import type { SQLOutputValue } from 'node:sqlite';
import type { Store } from '../store/store.ts';

const KEPT_FINISHED = 20_000;

/** `waiting` for its next attempt; `unsent`: there was no address to send it to. */
type WebhookStatus = 'waiting' | 'delivered' | 'given-up' | 'unsent';

export type QueuedWebhook = {
  readonly seq: number;
  /** The payload's `webhookId`. */
  readonly id: string;
  readonly type: string;
  readonly audience: 'app' | 'agency-app';
  /** As it is signed and sent, the same at every attempt. */
  readonly body: string;
  readonly status: WebhookStatus;
  readonly attempts: number;
  /** Of the last attempt; 0 for no answer. */
  readonly lastStatus: number | undefined;
  readonly createdAtMs: number;
  readonly dueAtMs: number;
};

type NewWebhook = Pick<QueuedWebhook, 'id' | 'type' | 'audience' | 'body' | 'status' | 'createdAtMs' | 'dueAtMs'>;

export type WebhookQueue = ReturnType<typeof createWebhookQueue>;

/** The webhooks to be delivered, in the file together with the write that each tells of. */
export function createWebhookQueue({ database }: Store) {
  database.exec(`
    CREATE TABLE IF NOT EXISTS webhooks (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL,
      type TEXT NOT NULL,
      audience TEXT NOT NULL,
      body TEXT NOT NULL,
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      last_status INTEGER,
      created_at INTEGER NOT NULL,
      due_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (due_at) WHERE status = 'waiting';`);
  const insert = database.prepare(
    'INSERT INTO webhooks (id, type, audience, body, status, created_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const trim = database.prepare(
    "DELETE FROM webhooks WHERE status <> 'waiting' AND seq <= (SELECT max(seq) FROM webhooks) - ?",
  );
  const selectWaiting = database.prepare(
    "SELECT * FROM webhooks WHERE status = 'waiting' ORDER BY due_at, seq LIMIT ?",
  );
  const selectLatest = database.prepare('SELECT * FROM webhooks ORDER BY seq DESC LIMIT ?');
  const countAll = database.prepare('SELECT status, count(*) AS n FROM webhooks GROUP BY status');
  const update = database.prepare(
    'UPDATE webhooks SET status = ?, attempts = attempts + 1, last_status = ?, due_at = ? WHERE seq = ?',
  );
  const restart = database.prepare("UPDATE webhooks SET due_at = ? WHERE status = 'waiting'");

  return {
    add({ id, type, audience, body, status, createdAtMs, dueAtMs }: NewWebhook): void {
      const { lastInsertRowid } = insert.run(id, type, audience, body, status, createdAtMs, dueAtMs);
      if (Number(lastInsertRowid) % 1000 === 0) trim.run(KEPT_FINISHED);
    },
    /** Those that are next, due or not. */
    listWaiting: (limit: number): QueuedWebhook[] => selectWaiting.all(limit).map(toWebhook),
    /** Newest first. */
    listLatest: (limit: number): QueuedWebhook[] => selectLatest.all(limit).map(toWebhook),
    count: (): Record<string, number> =>
      Object.fromEntries(countAll.all().map((row) => [String(row['status']), Number(row['n'])])),
    recordAttempt(seq: number, outcome: Pick<QueuedWebhook, 'status' | 'lastStatus' | 'dueAtMs'>): void {
      update.run(outcome.status, outcome.lastStatus ?? null, outcome.dueAtMs, seq);
    },
    /** All that wait are due now, whatever their backoff. */
    hasten: (nowMs: number): void => void restart.run(nowMs),
    clear: (): void => database.exec('DELETE FROM webhooks'),
  };
}

function toWebhook(row: Record<string, SQLOutputValue>): QueuedWebhook {
  return {
    seq: Number(row['seq']),
    id: String(row['id']),
    type: String(row['type']),
    audience: row['audience'] === 'agency-app' ? 'agency-app' : 'app',
    body: String(row['body']),
    status: row['status'] as WebhookStatus,
    attempts: Number(row['attempts']),
    lastStatus: row['last_status'] === null ? undefined : Number(row['last_status']),
    createdAtMs: Number(row['created_at']),
    dueAtMs: Number(row['due_at']),
  };
}
