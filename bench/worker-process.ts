import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endWithParent, stopChild } from '../local/child-processes.ts';

/** A script of this folder as a process of its own that answers one message at a time. */
export interface Asked<Order, Report> {
  readonly ask: (order: Order) => Promise<Report>;
  readonly stop: () => Promise<void>;
}

/** Both sides are ours, so a report is taken for what the script's own type says. Throws when the script ends instead. */
export function startAsked<Order extends object, Report>(
  script: string,
  { execArgv = [] }: { execArgv?: string[] } = {},
): Asked<Order, Report> {
  const child: ChildProcess = fork(join(import.meta.dirname, script), { execArgv });
  endWithParent(child, 'TERM');
  const ask = async (order: Order): Promise<Report> => {
    const givenUp = new AbortController();
    const ended = once(child, 'exit', { signal: givenUp.signal }).then(() => {
      throw new Error(`${script} ended before it reported.`);
    });
    const reported = once(child, 'message', { signal: givenUp.signal });
    child.send(order);
    try {
      const [report] = await Promise.race([reported, ended]);
      return report as Report;
    } finally {
      givenUp.abort();
      ended.catch(() => undefined);
      reported.catch(() => undefined);
    }
  };
  return { ask, stop: () => stopChild(child, [{ signal: 'SIGTERM', patienceMs: 2000 }]) };
}
