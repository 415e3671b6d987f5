// One connection to Redis, shared by all requests. A request's commands go out in one write and are answered in order, so a
// MULTI … EXEC is never interleaved with another request's commands.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { createRespParser } from './resp-parser.ts';
import type { RespValue } from './resp-parser.ts';

export type Address = { host: string; port: number };
export type RespConnection = {
  /**
   * One reply for each command, in order. The error says why there are none: Redis cannot be reached, the connection broke (the
   * commands may have run), it took too long, or too many are waiting. The next call connects again.
   */
  send: (commands: readonly (readonly string[])[]) => Promise<Result<RespValue[], string>>;
  close: () => void;
};

type Waiting = {
  replies: RespValue[];
  expected: number;
  sentAtMs: number;
  settle: (result: Result<RespValue[], string>) => void;
};
type Link = { socket: Socket; waiting: Waiting[] };

/** From sending (or beginning to connect) to the last reply. The oldest request is looked at once in an interval. */
const REPLY_TIMEOUT_MS = 5000;
const LOOK_INTERVAL_MS = 250;
const MAX_WAITING_REQUESTS = 10_000;

export function createRespConnection(redis: Address): RespConnection {
  let link: Link | null = null;

  function openLink(): Link {
    const opened: Link = { socket: connect({ ...redis, noDelay: true }), waiting: [] };
    const parser = createRespParser((reply) => acceptReply(opened, reply));
    opened.socket.on('data', (chunk: Buffer) => {
      try {
        parser.push(chunk);
      } catch (error) {
        breakLink(opened, String(error));
      }
    });
    const watch = setInterval(() => breakLate(opened), LOOK_INTERVAL_MS);
    watch.unref();
    opened.socket.on('error', (error) => breakLink(opened, error.message));
    opened.socket.on('close', () => {
      clearInterval(watch);
      breakLink(opened, 'Redis closed the connection');
    });
    return opened;
  }

  /** Replies come in order: behind a late one nothing else can be had from this connection. */
  function breakLate(late: Link): void {
    const [oldest] = late.waiting;
    if (oldest !== undefined && performance.now() - oldest.sentAtMs > REPLY_TIMEOUT_MS) {
      breakLink(late, `no answer within ${REPLY_TIMEOUT_MS} ms`);
    }
  }

  function breakLink(broken: Link, reason: string): void {
    if (link === broken) link = null;
    broken.socket.destroy();
    for (const waiting of broken.waiting.splice(0)) waiting.settle(err(reason));
  }

  function send(commands: readonly (readonly string[])[]): Promise<Result<RespValue[], string>> {
    if (commands.length === 0) return Promise.resolve(ok([]));
    link ??= openLink();
    const { socket, waiting } = link;
    if (waiting.length >= MAX_WAITING_REQUESTS) return Promise.resolve(err('too many requests wait for Redis'));
    return new Promise((settle) => {
      waiting.push({ replies: [], expected: commands.length, sentAtMs: performance.now(), settle });
      socket.write(encodeCommands(commands));
    });
  }

  function close(): void {
    if (link !== null) breakLink(link, 'the stand-in is stopping');
  }

  return { send, close };
}

function acceptReply({ waiting }: Link, reply: RespValue): void {
  const first = waiting[0];
  if (first === undefined) return;
  first.replies.push(reply);
  if (first.replies.length < first.expected) return;
  waiting.shift();
  first.settle(ok(first.replies));
}

function encodeCommands(commands: readonly (readonly string[])[]): string {
  let text = '';
  for (const command of commands) {
    text += `*${command.length}\r\n`;
    for (const argument of command) text += `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`;
  }
  return text;
}
