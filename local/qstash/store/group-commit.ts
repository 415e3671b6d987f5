import type { DatabaseSync } from 'node:sqlite';

type Job = { readonly run: () => void; readonly fail: (cause: unknown) => void; readonly done: () => void };

/**
 * Runs writes one after another; all that are asked for in one turn of the event loop share a transaction, and with it
 * the disk's one flush. A promise resolves when its write is on disk. A write may run twice, so it must touch only the
 * database.
 */
export function createGroupCommit(database: DatabaseSync) {
  let waiting: Job[] = [];
  let closed = false;

  function write<T>(work: () => T): Promise<T> {
    if (closed) return Promise.reject(new Error('the QStash file is closed'));
    return new Promise<T>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      let value: T;
      waiting.push({
        run: () => {
          value = work();
        },
        done: () => resolve(value),
        fail: reject,
      });
    });
  }

  function flush(): void {
    const jobs = waiting;
    waiting = [];
    if (jobs.length === 0) return;
    const problem = commit(jobs);
    if (problem === undefined) for (const job of jobs) job.done();
    // One write that throws must not take its neighbours with it.
    else for (const job of jobs) settleAlone(job);
  }

  function settleAlone(job: Job): void {
    const problem = commit([job]);
    if (problem === undefined) job.done();
    else job.fail(problem.cause);
  }

  function commit(jobs: readonly Job[]): { readonly cause: unknown } | undefined {
    try {
      database.exec('BEGIN');
      for (const job of jobs) job.run();
      database.exec('COMMIT');
      return undefined;
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      return { cause };
    }
  }

  /** Commits what is waiting and refuses everything after. */
  function close(): void {
    closed = true;
    flush();
    database.close();
  }

  return { write, close };
}
