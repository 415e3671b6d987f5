import type { Store } from './store/store.ts';

const KEPT_REQUESTS = 50_000;

/** Neither bodies nor tokens are kept. */
export type LoggedRequest = {
  readonly seq: number;
  readonly atMs: number;
  /** `POST /locations/`; what fits no route stands as it was asked for. */
  readonly route: string;
  /** With the ids in it, without its query. */
  readonly path: string;
  /** `company:<id>` or `location:<id>`, whose budget it took from; empty without a token. */
  readonly bucket: string;
  readonly status: number;
  /** The fault that was made of it, if any. */
  readonly fault: string;
  readonly traceId: string;
};

export type RequestLog = ReturnType<typeof createRequestLog>;

export function createRequestLog(store: Store) {
  const { database } = store;
  database.exec(`
    CREATE TABLE IF NOT EXISTS requests (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      route TEXT NOT NULL,
      path TEXT NOT NULL,
      bucket TEXT NOT NULL,
      status INTEGER NOT NULL,
      fault TEXT NOT NULL,
      trace_id TEXT NOT NULL
    ) STRICT;`);
  const insert = database.prepare(
    'INSERT INTO requests (at, route, path, bucket, status, fault, trace_id) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const trim = database.prepare('DELETE FROM requests WHERE seq <= (SELECT max(seq) FROM requests) - ?');
  const selectLatest = database.prepare('SELECT * FROM requests ORDER BY seq DESC LIMIT ?');
  const countBy = (columns: string) =>
    database.prepare(`SELECT ${columns}, count(*) AS n FROM requests GROUP BY ${columns} ORDER BY n DESC`);
  const counts = { status: countBy('status'), route: countBy('route'), bucket: countBy('bucket') };

  function readCounts(column: keyof typeof counts): Record<string, number> {
    return Object.fromEntries(counts[column].all().map((row) => [String(row[column]), Number(row['n'])]));
  }

  return {
    add({ atMs, route, path, bucket, status, fault, traceId }: Omit<LoggedRequest, 'seq'>): void {
      const { lastInsertRowid } = insert.run(atMs, route, path, bucket, status, fault, traceId);
      if (Number(lastInsertRowid) % 1000 === 0) trim.run(KEPT_REQUESTS);
    },
    /** Newest first. */
    listLatest: (limit: number): LoggedRequest[] =>
      selectLatest.all(limit).map((row) => ({
        seq: Number(row['seq']),
        atMs: Number(row['at']),
        route: String(row['route']),
        path: String(row['path']),
        bucket: String(row['bucket']),
        status: Number(row['status']),
        fault: String(row['fault']),
        traceId: String(row['trace_id']),
      })),
    summarize: () => ({
      byStatus: readCounts('status'),
      byRoute: readCounts('route'),
      byBucket: readCounts('bucket'),
    }),
    clear: (): void => database.exec('DELETE FROM requests'),
  };
}
