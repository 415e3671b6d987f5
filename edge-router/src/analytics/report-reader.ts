import { isUnavailable, type Database } from '../../../db/database.ts';
import { measureReplicaLag } from '../../../db/queries/measure-replica-lag.ts';
import type { AppDeps } from '../deps.ts';

/** A replica that was away is left alone for so long; then one request tries it. */
const PAUSE_MS = 30_000;

export interface ReportAnswer<T> {
  readonly value: T;
  readonly servedBy: 'replica' | 'primary';
  /** How far what was read is behind at most; null where the primary was read, or what the replica is does not say. */
  readonly replicaLagSeconds: number | null;
}

export interface ReportReader {
  /** Reads from the replica; whatever it does not answer the primary is asked. `ask` may run twice and must only read. */
  readonly read: <T>(ask: (database: Database) => Promise<T>) => Promise<ReportAnswer<T>>;
  /** Null where there is no replica. */
  readonly measure: () => Promise<ReplicaStatus | null>;
}

export interface ReplicaStatus {
  readonly status: 'up' | 'down';
  readonly lagSeconds: number | null;
}

export type ReportReaderDeps = Pick<AppDeps, 'database' | 'replica' | 'nowMs' | 'log'>;

/** One per isolate: it remembers that the replica is away, so that not every request waits for that. */
export function createReportReader({ database, replica, nowMs, log }: ReportReaderDeps): ReportReader {
  /** Null while the replica answers. */
  let resumeAtMs: number | null = null;

  /** Null where the replica is not asked, or did not answer. */
  const askReplica = async <T>(ask: (database: Database) => Promise<T>): Promise<{ value: T } | null> => {
    if (replica === null || (resumeAtMs !== null && nowMs() < resumeAtMs)) return null;
    // Of those that come when the pause is over one tries, and the others do not wait with it.
    if (resumeAtMs !== null) resumeAtMs = nowMs() + PAUSE_MS;
    try {
      const value = await ask(replica);
      resumeAtMs = null;
      return { value };
    } catch (error) {
      // A replica also refuses what the primary would not: a statement that stands in the way of replaying, a table that is on its way.
      if (isUnavailable(error)) resumeAtMs = nowMs() + PAUSE_MS;
      log({ event: 'replica_failed', error });
      return null;
    }
  };

  return {
    read: async (ask) => {
      const found = await askReplica((from) => Promise.all([ask(from), measureReplicaLag(from)]));
      if (found === null) return { value: await ask(database), servedBy: 'primary', replicaLagSeconds: null };
      const [value, replicaLagSeconds] = found.value;
      return { value, servedBy: 'replica', replicaLagSeconds };
    },
    measure: async () => {
      if (replica === null) return null;
      const found = await askReplica(measureReplicaLag);
      return found === null ? { status: 'down', lagSeconds: null } : { status: 'up', lagSeconds: found.value };
    },
  };
}
