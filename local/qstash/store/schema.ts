/**
 * Times are milliseconds since the epoch. A finished message keeps its row while its log or its dead letter is kept.
 * `due_at` of an unfinished one is its next attempt.
 */
export const SCHEMA = `
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  headers TEXT NOT NULL,
  body BLOB NOT NULL,
  caller_ip TEXT NOT NULL,
  topic_name TEXT,
  endpoint_name TEXT,
  schedule_id TEXT,
  queue_name TEXT,
  flow_key TEXT,
  held_queue TEXT,
  held_by TEXT,
  created_at INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  retried INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER,
  final_state TEXT
) STRICT;
CREATE INDEX messages_unfinished ON messages (seq) WHERE finished_at IS NULL;
CREATE INDEX messages_queued ON messages (queue_name) WHERE finished_at IS NULL AND queue_name IS NOT NULL;
CREATE INDEX messages_finished ON messages (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  state TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE INDEX events_message ON events (message_id);

CREATE TABLE dead_letters (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  dlq_id TEXT NOT NULL UNIQUE,
  message_id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  response_status INTEGER NOT NULL,
  response_headers TEXT NOT NULL,
  response_body BLOB NOT NULL,
  error TEXT
) STRICT;

CREATE TABLE deduplications (
  key TEXT PRIMARY KEY,
  message_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queues (
  name TEXT PRIMARY KEY,
  parallelism INTEGER NOT NULL,
  paused INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE url_groups (
  name TEXT PRIMARY KEY,
  endpoints TEXT NOT NULL,
  headers TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE schedules (
  id TEXT PRIMARY KEY,
  destination TEXT NOT NULL,
  cron TEXT NOT NULL,
  headers TEXT NOT NULL,
  body BLOB NOT NULL,
  caller_ip TEXT NOT NULL,
  paused INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_at INTEGER,
  next_at INTEGER,
  last_message_ids TEXT NOT NULL
) STRICT;

CREATE TABLE flow_keys (
  key TEXT PRIMARY KEY,
  parallelism INTEGER,
  rate INTEGER,
  period_seconds INTEGER NOT NULL,
  pinned_parallelism INTEGER NOT NULL DEFAULT 0,
  pinned_rate INTEGER NOT NULL DEFAULT 0,
  paused INTEGER NOT NULL DEFAULT 0,
  rate_count INTEGER NOT NULL DEFAULT 0,
  period_start INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
`;
