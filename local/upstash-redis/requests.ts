import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { parseCommand } from './commands.ts';
import type { Command } from './commands.ts';

/** What a URL and a body ask for. A pipeline's commands are judged one by one, so some may be no command at all. */
export type RestRequest =
  | { kind: 'command'; command: Command }
  | { kind: 'pipeline'; commands: Result<Command, string>[] }
  | { kind: 'transaction'; commands: Command[] };

/** The error is Upstash's message, for a 400. */
export function parseRestRequest(url: URL, body: string): Result<RestRequest, string> {
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const [first] = segments;
  if (first === undefined) return parseBodyCommand(body);
  if (first === 'pipeline') return parsePipeline(body);
  if (first === 'multi-exec') return parseTransaction(body);
  return parsePathCommand(segments, url.searchParams, body);
}

function parseBodyCommand(body: string): Result<RestRequest, string> {
  const json = parseJson(body);
  if (!json.ok) return json;
  const command = parseCommand(json.value);
  return command.ok ? ok({ kind: 'command', command: command.value }) : command;
}

function parsePipeline(body: string): Result<RestRequest, string> {
  const list = parseList(body);
  if (!list.ok) return list;
  if (list.value.length === 0) return err('ERR empty pipeline request');
  return ok({ kind: 'pipeline', commands: list.value.map((each) => parseCommand(each)) });
}

function parseTransaction(body: string): Result<RestRequest, string> {
  const list = parseList(body);
  if (!list.ok) return list;
  const commands: Command[] = [];
  for (const each of list.value) {
    const command = parseCommand(each);
    if (!command.ok) return command;
    commands.push(command.value);
  }
  return ok({ kind: 'transaction', commands });
}

/** /set/key?EX=100 with the value as the body is SET key <body> EX 100. */
function parsePathCommand(
  segments: readonly string[],
  query: URLSearchParams,
  body: string,
): Result<RestRequest, string> {
  const path = decodeSegments(segments);
  if (path === null) return err('ERR failed to parse command');
  const options = [...query].filter(([name]) => name !== '_token');
  const trailing = options.flatMap(([name, value]) => (value === '' ? [name] : [name, value]));
  const command = parseCommand([...path, ...(body === '' ? [] : [body]), ...trailing]);
  return command.ok ? ok({ kind: 'command', command: command.value }) : command;
}

function decodeSegments(segments: readonly string[]): string[] | null {
  try {
    return segments.map((segment) => decodeURIComponent(segment));
  } catch {
    return null;
  }
}

function parseList(body: string): Result<unknown[], string> {
  const json = parseJson(body);
  if (!json.ok) return json;
  const isTwoDimensional = Array.isArray(json.value) && json.value.every((each) => Array.isArray(each));
  return isTwoDimensional
    ? ok(json.value as unknown[])
    : err('ERR failed to parse commands, expected a two dimensional array');
}

function parseJson(body: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(body));
  } catch {
    return err('ERR failed to parse the request body as JSON');
  }
}
