import * as z from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

export type Command = readonly [name: string, ...rest: string[]];

/**
 * Not to be had over REST, or not with Upstash at all. All of them would also change or block the one connection that requests
 * share, or reach past the data to the server.
 */
const unsupported = new Set(
  `BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF
  MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE MONITOR
  AUTH SELECT HELLO QUIT RESET CLIENT READONLY READWRITE ASKING CLUSTER MIGRATE MOVE SWAPDB
  CONFIG DEBUG SHUTDOWN SAVE BGSAVE BGREWRITEAOF REPLICAOF SLAVEOF FAILOVER SYNC PSYNC REPLCONF MODULE LATENCY SLOWLOG LOLWUT ACL`.split(
    /\s+/,
  ),
);

const argumentSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const commandSchema = z.tuple([argumentSchema], argumentSchema);

/** One command from JSON. The error is Upstash's message. */
export function parseCommand(json: unknown): Result<Command, string> {
  const parsed = commandSchema.safeParse(json);
  return parsed.success ? ok(parsed.data) : err('ERR failed to parse command');
}

/** What Upstash says to a command it does not run over REST; null when it does. */
export function refuseUnsupported(command: Command): string | null {
  if (!unsupported.has(command[0].toUpperCase()) && !blocks(command)) return null;
  return `ERR Command is not available: '${command[0]}'. See https://upstash.com/docs/redis/overall/compatibility for details`;
}

/** XREAD and XREADGROUP are allowed so long as they do not wait; BLOCK comes before STREAMS, behind which are keys. */
function blocks(command: Command): boolean {
  if (!/^xread(group)?$/i.test(command[0])) return false;
  const options = command.map((argument) => argument.toUpperCase());
  const streams = options.indexOf('STREAMS');
  return options.slice(1, streams === -1 ? undefined : streams).includes('BLOCK');
}
