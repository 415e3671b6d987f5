import type { RespConnection } from './resp-connection.ts';
import type { RespValue } from './resp-parser.ts';
import type { Command } from './commands.ts';

/** Not marked read-only by Redis, but harmless; and reads that Upstash's read-only token refuses all the same. */
const alsoAllowed = new Set(['ping', 'echo', 'time']);
const neverAllowed = new Set(['keys', 'scan']);

export type ReadOnlyCheck = (command: Command) => Promise<string | null>;

/** What Upstash says when the read-only token is used for this command; null when it may run. Redis itself knows what only reads. */
export function createReadOnlyCheck(connection: RespConnection): ReadOnlyCheck {
  let readers: ReadonlySet<string> | null = null;
  return async (command) => {
    readers ??= await askForReaders(connection);
    // Without Redis's list nothing is known to be harmless; what is wrong with Redis shows when the command itself is sent.
    return readers !== null && mayRun(command, readers)
      ? null
      : `NOPERM this user has no permissions to run the '${command[0].toLowerCase()}' command or its subcommand`;
  };
}

function mayRun(command: Command, readers: ReadonlySet<string>): boolean {
  const name = command[0].toLowerCase();
  if (neverAllowed.has(name)) return false;
  return alsoAllowed.has(name) || readers.has(name) || readers.has(`${name}|${command[1]?.toLowerCase()}`);
}

async function askForReaders(connection: RespConnection): Promise<ReadonlySet<string> | null> {
  const answered = await connection.send([['COMMAND']]);
  const table = answered.ok ? answered.value[0] : undefined;
  return Array.isArray(table) ? new Set(table.flatMap((entry) => readersIn(entry))) : null;
}

/** An entry of COMMAND is [name, arity, flags, …six more, subcommands, …]; a subcommand's name is "object|encoding". */
function readersIn(entry: RespValue): string[] {
  if (!Array.isArray(entry)) return [];
  const [name, , flags] = entry;
  const subcommands = entry[9];
  const nested = Array.isArray(subcommands) ? subcommands.flatMap((subcommand) => readersIn(subcommand)) : [];
  const isReader = Array.isArray(flags) && flags.some((flag) => textOf(flag) === 'readonly');
  return isReader ? [textOf(name), ...nested] : nested;
}

function textOf(value: RespValue | undefined): string {
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return typeof value === 'object' && value !== null && 'text' in value ? value.text : '';
}
