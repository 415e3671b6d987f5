import type { SQLOutputValue } from 'node:sqlite';
import type { Settings } from './settings.ts';
import type { Store } from './store/store.ts';

const DAY_MS = 86_400_000;
/** Of each budget, for the summary and the page. */
const KEPT_WINDOWS = 1000;
const KEPT_DAYS = 2;

type Verdict = { readonly isAllowed: boolean; readonly headers: Readonly<Record<string, string>> };

type RateWindow = {
  readonly bucket: string;
  readonly startedAtMs: number;
  readonly used: number;
  readonly refused: number;
};

export type RateLimits = ReturnType<typeof createRateLimits>;

/**
 * 100 requests in each 10 s and 200,000 in each day for every company and every sub-account. A window begins with the first
 * request after the last one's end. Source: HighLevel's "Authorization" page; its kind of window is not documented.
 */
export function createRateLimits(store: Store, settings: Settings) {
  const { database } = store;
  database.exec(`
    CREATE TABLE IF NOT EXISTS rate_windows (
      bucket TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      used INTEGER NOT NULL,
      refused INTEGER NOT NULL,
      PRIMARY KEY (bucket, started_at)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rate_days (
      bucket TEXT NOT NULL,
      day INTEGER NOT NULL,
      used INTEGER NOT NULL,
      PRIMARY KEY (bucket, day)
    ) STRICT, WITHOUT ROWID;`);
  const selectLatest = database.prepare(
    'SELECT started_at, used FROM rate_windows WHERE bucket = ? ORDER BY started_at DESC LIMIT 1',
  );
  const insertWindow = database.prepare('INSERT INTO rate_windows VALUES (?, ?, 0, 0)');
  const countWindow = database.prepare(
    'UPDATE rate_windows SET used = used + ?, refused = refused + ? WHERE bucket = ? AND started_at = ?',
  );
  const selectDay = database.prepare('SELECT used FROM rate_days WHERE bucket = ? AND day = ?');
  const countDay = database.prepare(
    'INSERT INTO rate_days VALUES (?, ?, 1) ON CONFLICT (bucket, day) DO UPDATE SET used = used + 1',
  );
  const trimWindows = database.prepare(
    `DELETE FROM rate_windows WHERE bucket = ?1 AND started_at <= (
       SELECT started_at FROM rate_windows WHERE bucket = ?1 ORDER BY started_at DESC LIMIT 1 OFFSET ${KEPT_WINDOWS})`,
  );
  const trimDays = database.prepare('DELETE FROM rate_days WHERE bucket = ? AND day <= ?');
  const selectWindows = database.prepare(
    'SELECT * FROM (SELECT * FROM rate_windows ORDER BY started_at DESC LIMIT ?) ORDER BY bucket, started_at',
  );
  // SQLite takes the other columns from the row that has the maximum.
  const selectCurrent = database.prepare(
    'SELECT bucket, max(started_at) AS started_at, used, refused FROM rate_windows GROUP BY bucket ORDER BY 2 DESC LIMIT ?',
  );

  function findWindow(bucket: string, nowMs: number, intervalMs: number): { startedAtMs: number; used: number } {
    const latest = selectLatest.get(bucket);
    const startedAtMs = Number(latest?.['started_at']);
    if (latest !== undefined && nowMs < startedAtMs + intervalMs) return { startedAtMs, used: Number(latest['used']) };
    insertWindow.run(bucket, nowMs);
    trimWindows.run(bucket);
    trimDays.run(bucket, Math.floor(nowMs / DAY_MS) - KEPT_DAYS);
    return { startedAtMs: nowMs, used: 0 };
  }

  return {
    /** Counts one request; a refused one costs nothing of the budget. */
    take(bucket: string, nowMs: number): Verdict {
      const { enabled, burst, intervalMs, daily, timeScale } = settings.read().rateLimits;
      const realIntervalMs = Math.max(1, Math.round(intervalMs / timeScale));
      const window = findWindow(bucket, nowMs, realIntervalMs);
      const day = Math.floor(nowMs / DAY_MS);
      const usedToday = Number(selectDay.get(bucket, day)?.['used'] ?? 0);
      const isAllowed = !enabled || (window.used < burst && usedToday < daily);
      countWindow.run(isAllowed ? 1 : 0, isAllowed ? 0 : 1, bucket, window.startedAtMs);
      if (isAllowed) countDay.run(bucket, day);
      const cost = isAllowed ? 1 : 0;
      const headers = {
        'X-RateLimit-Limit-Daily': String(daily),
        'X-RateLimit-Daily-Remaining': String(Math.max(0, daily - usedToday - cost)),
        'X-RateLimit-Interval-Milliseconds': String(realIntervalMs),
        'X-RateLimit-Max': String(burst),
        'X-RateLimit-Remaining': String(Math.max(0, burst - window.used - cost)),
      };
      return { isAllowed, headers };
    },
    /** The newest of all budgets, by budget and time. */
    listWindows: (limit: number): RateWindow[] => selectWindows.all(limit).map(toWindow),
    /** The latest window of each budget, those used last first. */
    listCurrent: (limit: number): RateWindow[] => selectCurrent.all(limit).map(toWindow),
    clear: (): void => database.exec('DELETE FROM rate_windows; DELETE FROM rate_days;'),
  };
}

function toWindow(row: Record<string, SQLOutputValue>): RateWindow {
  return {
    bucket: String(row['bucket']),
    startedAtMs: Number(row['started_at']),
    used: Number(row['used']),
    refused: Number(row['refused']),
  };
}
