// Upstash locks the whole database for a script, unless the script's shebang has the flag allow-key-locking: then it locks the keys
// in KEYS and refuses any other. Redis does not know the flag, so the script that Redis gets has a prelude in its place that refuses
// undeclared keys in Upstash's words. Functions (FUNCTION LOAD) with the flag are not rewritten: Redis refuses them.
// https://upstash.com/docs/redis/features/key-locking
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from './commands.ts';
import type { RespValue } from './resp-parser.ts';
import { isRespError } from './resp-parser.ts';

const FLAG = 'allow-key-locking';
/** A forgotten script answers NOSCRIPT, to which clients send its text again. */
const MAX_SCRIPTS = 1000;
/** On one line, so that the line numbers in Redis's errors stay the caller's. */
const PRELUDE = readFileSync(new URL('./key-locking.lua', import.meta.url), 'utf8').replaceAll(/\s*\n\s*/g, ' ');

export type KeyLocking = {
  /** The command as Redis must get it. */
  rewrite: (command: Command) => Command;
};

export function createKeyLocking(): KeyLocking {
  /** SHA-1 of the caller's text -> SHA-1 of the text that Redis has. */
  const rewrittenShas = new Map<string, string>();

  function rewriteScript(source: string): string {
    const rewritten = replaceFlag(source);
    if (rewritten === null) return source;
    rewrittenShas.set(sha1(source), sha1(rewritten));
    const [oldest] = rewrittenShas.keys();
    if (rewrittenShas.size > MAX_SCRIPTS && oldest !== undefined) rewrittenShas.delete(oldest);
    return rewritten;
  }

  function rewriteSha(sha: string): string {
    return rewrittenShas.get(sha.toLowerCase()) ?? sha;
  }

  function rewrite(command: Command): Command {
    const [name, first, ...rest] = command;
    if (first === undefined) return command;
    switch (name.toUpperCase()) {
      case 'EVAL':
      case 'EVAL_RO':
        return [name, rewriteScript(first), ...rest];
      case 'EVALSHA':
      case 'EVALSHA_RO':
        return [name, rewriteSha(first), ...rest];
      case 'SCRIPT':
        return [name, first, ...rewriteScriptArguments(first, rest)];
      default:
        return command;
    }
  }

  function rewriteScriptArguments(subcommand: string, rest: readonly string[]): string[] {
    if (/^load$/i.test(subcommand)) return rest.map((source) => rewriteScript(source));
    return /^exists$/i.test(subcommand) ? rest.map((sha) => rewriteSha(sha)) : [...rest];
  }

  return { rewrite };
}

/** Redis adds where in the script an error was raised; Upstash's words end with the key. */
export function trimRaisedError(reply: RespValue): RespValue {
  if (!isRespError(reply) || !reply.message.includes(FLAG)) return reply;
  return { kind: 'error', message: reply.message.replace(/ script: [0-9a-f]{40}, on @\S+:\d+\.$/, '') };
}

/** Null when the script does not carry the flag. */
function replaceFlag(source: string): string | null {
  const [shebang = ''] = source.split('\n', 1);
  const flags = /^#!lua\b.*\bflags=(\S+)/.exec(shebang)?.[1]?.split(',');
  if (flags === undefined || !flags.includes(FLAG)) return null;
  const others = flags.filter((flag) => flag !== FLAG).join(',');
  return `#!lua${others === '' ? '' : ` flags=${others}`}\n${PRELUDE}${source.slice(shebang.length + 1)}`;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
