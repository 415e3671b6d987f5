import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { refuseUnsupported } from './commands.ts';
import type { Command } from './commands.ts';
import { trimRaisedError } from './key-locking.ts';
import type { KeyLocking } from './key-locking.ts';
import type { ReadOnlyCheck } from './read-only.ts';
import type { RestRequest } from './requests.ts';
import type { RespConnection } from './resp-connection.ts';
import { isRespError } from './resp-parser.ts';
import type { RespValue } from './resp-parser.ts';

/** `refused` is a whole request's error, status 400; `unreachable` is ours, not Upstash's. */
export type Failure = { kind: 'refused' | 'unreachable'; message: string };
export type Replies = { kind: 'one'; reply: RespValue } | { kind: 'many'; replies: RespValue[] };
export type Runner = (request: RestRequest, access: Access) => Promise<Result<Replies, Failure>>;
export type Access = 'full' | 'read-only';

export function createRunner(connection: RespConnection, keyLocking: KeyLocking, checkReadOnly: ReadOnlyCheck): Runner {
  async function refusal(command: Command, access: Access): Promise<string | null> {
    return refuseUnsupported(command) ?? (access === 'read-only' ? await checkReadOnly(command) : null);
  }

  async function send(commands: readonly Command[]): Promise<Result<RespValue[], Failure>> {
    const sent = await connection.send(commands.map((command) => keyLocking.rewrite(command)));
    if (!sent.ok) return err({ kind: 'unreachable', message: `ERR Redis is unreachable: ${sent.error}` });
    return ok(sent.value.map((reply) => trimRaisedError(reply)));
  }

  async function runCommand(command: Command, access: Access): Promise<Result<Replies, Failure>> {
    const refused = await refusal(command, access);
    if (refused !== null) return err({ kind: 'refused', message: refused });
    const sent = await send([command]);
    return sent.ok ? ok({ kind: 'one', reply: sent.value[0] ?? null }) : sent;
  }

  /** What is refused gets its error in its place; the rest runs all the same. */
  async function runPipeline(
    commands: readonly Result<Command, string>[],
    access: Access,
  ): Promise<Result<Replies, Failure>> {
    const refusals = await Promise.all(
      commands.map((command) => (command.ok ? refusal(command.value, access) : Promise.resolve(command.error))),
    );
    const accepted = commands.flatMap((command, index) =>
      command.ok && refusals[index] === null ? [command.value] : [],
    );
    const sent = await send(accepted);
    if (!sent.ok) return sent;
    const replies = sent.value.values();
    return ok({
      kind: 'many',
      replies: refusals.map((message) =>
        message === null ? (replies.next().value ?? null) : { kind: 'error', message },
      ),
    });
  }

  /** Either all commands run, though some may fail, or none does and the first thing that was wrong is the error. */
  async function runTransaction(commands: readonly Command[], access: Access): Promise<Result<Replies, Failure>> {
    const refusals = await Promise.all(commands.map((command) => refusal(command, access)));
    const refused = refusals.find((message) => message !== null);
    if (refused !== undefined && refused !== null) return err({ kind: 'refused', message: refused });
    const sent = await send([['MULTI'], ...commands, ['EXEC']]);
    if (!sent.ok) return sent;
    const executed = sent.value.at(-1);
    if (Array.isArray(executed)) return ok({ kind: 'many', replies: executed.map((reply) => trimRaisedError(reply)) });
    const first = sent.value.find((reply) => isRespError(reply));
    return err({ kind: 'refused', message: first?.message ?? 'ERR transaction discarded' });
  }

  return (request, access) => {
    if (request.kind === 'command') return runCommand(request.command, access);
    if (request.kind === 'pipeline') return runPipeline(request.commands, access);
    return runTransaction(request.commands, access);
  };
}
