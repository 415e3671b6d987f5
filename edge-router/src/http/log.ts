/** A line of the log: what happened, and numbers and ids about it. Never a secret, never a person's data. */
export interface LogEntry {
  readonly event: string;
  readonly requestId?: string;
  readonly error?: unknown;
  readonly [detail: string]: unknown;
}

export type Log = (entry: LogEntry) => void;

const MAX_STACK_LENGTH = 2000;

/** A log that writes one JSON object per line. Of an error only name, code and stack frames are kept, not its message's values. */
export function createJsonLog(write: (line: string) => void): Log {
  return (entry) =>
    write(JSON.stringify({ ...entry, ...('error' in entry ? { error: describeError(entry.error) } : {}) }));
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    name: error.name,
    ...(code ? { code } : {}),
    at: readFrames(error),
    ...(error.cause ? { cause: describeError(error.cause) } : {}),
  };
}

/**
 * The stack without its first lines: those are the message, and messages of the database and Redis clients quote
 * values.
 */
function readFrames(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames.join('\n').slice(0, MAX_STACK_LENGTH);
}
