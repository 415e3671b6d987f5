// The headers of publish, enqueue, schedule and batch items -> what is to be delivered, and how. The same names may
// come as lower-case query parameters. Nothing is sent or stored here.
// https://upstash.com/docs/qstash/api-reference/messages/publish-a-message

import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { parseDurationMs } from './durations.ts';
import { parseFlowLimits, type FlowLimits } from './flow-control.ts';
import { createHeaderReader } from './header-reader.ts';
import { canonicalHeaderName, type HeaderLists } from './header-names.ts';
import { isName } from './identifiers.ts';
import { NO_REDACTION, parseRedaction, type Redaction } from './redaction.ts';
import { parseRetryDelay, type RetryDelay } from './retry-delay.ts';

const DEFAULT_RETRIES = 3;
const MAX_RETRIES = 1_000;
const MAX_DELAY_MS = 366 * 86_400_000;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * The headers that make a message, lower-case: `upstash-*`, `content-type`, and what is to be forwarded as
 * `upstash-forward-*`. They are stored with it, so that a schedule or a retry of a dead letter parses them again.
 */
export type PublishHeaders = Readonly<Record<string, string>>;

export type Callback = {
  readonly url: string;
  /** How the callback itself is published: its `Upstash-Callback-*` headers under their plain names. */
  readonly headers: PublishHeaders;
};

export type MessageSpec = {
  readonly method: (typeof METHODS)[number];
  /** Sent to the destination: `Content-Type` and the forwarded ones. */
  readonly header: HeaderLists;
  readonly retries: number;
  readonly retryDelay: { readonly source: string; readonly tree: RetryDelay } | undefined;
  readonly timeoutMs: number | undefined;
  readonly delayMs: number | undefined;
  readonly notBeforeMs: number | undefined;
  readonly callback: Callback | undefined;
  readonly failureCallback: Callback | undefined;
  readonly labels: readonly string[];
  readonly flowControl: { readonly key: string; readonly limits: FlowLimits } | undefined;
  readonly queueName: string | undefined;
  readonly deduplication: { readonly kind: 'id'; readonly id: string } | { readonly kind: 'content' } | undefined;
  readonly redaction: Redaction;
};

/** What a message asks for, or the first header that cannot be understood. */
export function parsePublishHeaders(headers: PublishHeaders): Result<MessageSpec, string> {
  const reader = createHeaderReader(headers);
  const retries = reader.read('retries', parseRetries) ?? DEFAULT_RETRIES;
  const spec: MessageSpec = {
    method: reader.read('method', parseMethod) ?? 'POST',
    header: readForwardedHeaders(headers),
    retries,
    retryDelay: reader.readResult('retry-delay', parseRetryDelaySource),
    timeoutMs: reader.read('timeout', parseDurationMs),
    delayMs: reader.read('delay', parseDelayMs),
    notBeforeMs: reader.read('not-before', parseUnixSecondsMs),
    callback: reader.readResult('callback', (url) =>
      parseCallback(url, { headers, prefix: 'upstash-callback-', retries }),
    ),
    failureCallback: reader.readResult('failure-callback', (url) =>
      parseCallback(url, { headers, prefix: 'upstash-failure-callback-', retries }),
    ),
    labels: reader.read('label', parseLabels) ?? [],
    flowControl: reader.readResult('flow-control-key', (key) => parseFlowControl(key, headers)),
    queueName: reader.read('queue-name', (text) => (isName(text) ? text : undefined)),
    deduplication: readDeduplication(headers),
    redaction: reader.readResult('redact-fields', parseRedaction) ?? NO_REDACTION,
  };
  const problem = reader.problem();
  return problem === undefined ? ok(spec) : err(problem);
}

/** Whether a message may be sent there; the text is QStash's own. */
export function findUrlProblem(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text)) return 'endpoint has invalid scheme, add http:// or https://';
  return URL.canParse(text) ? undefined : `endpoint resolves to an invalid url: ${text}`;
}

function parseRetries(text: string): number | undefined {
  const retries = /^\d{1,4}$/.test(text) ? Number(text) : undefined;
  return retries !== undefined && retries <= MAX_RETRIES ? retries : undefined;
}

function parseMethod(text: string): MessageSpec['method'] | undefined {
  return METHODS.find((method) => method === text.toUpperCase());
}

function parseDelayMs(text: string): number | undefined {
  const delayMs = parseDurationMs(text);
  return delayMs !== undefined && delayMs <= MAX_DELAY_MS ? delayMs : undefined;
}

function parseUnixSecondsMs(text: string): number | undefined {
  return /^\d{1,11}$/.test(text) ? Number(text) * 1_000 : undefined;
}

function parseLabels(text: string): readonly string[] {
  return text
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
}

function parseRetryDelaySource(source: string): Result<{ source: string; tree: RetryDelay }, string> {
  const tree = parseRetryDelay(source);
  return tree.ok ? ok({ source, tree: tree.value }) : err(`invalid retry delay expression: ${tree.error}`);
}

function parseFlowControl(key: string, headers: PublishHeaders): Result<{ key: string; limits: FlowLimits }, string> {
  const limits = parseFlowLimits(headers['upstash-flow-control-value'] ?? '');
  return limits.ok ? ok({ key, limits: limits.value }) : limits;
}

function readDeduplication(headers: PublishHeaders): MessageSpec['deduplication'] {
  const id = headers['upstash-deduplication-id'];
  if (id !== undefined && id !== '') return { kind: 'id', id };
  return headers['upstash-content-based-deduplication'] === 'true' ? { kind: 'content' } : undefined;
}

function readForwardedHeaders(headers: PublishHeaders): HeaderLists {
  const forwarded: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const target = name === 'content-type' ? name : /^upstash-forward-(.+)$/.exec(name)?.[1];
    if (target !== undefined) forwarded[canonicalHeaderName(target)] = [value];
  }
  return forwarded;
}

type CallbackSource = { readonly headers: PublishHeaders; readonly prefix: string; readonly retries: number };

function parseCallback(url: string, source: CallbackSource): Result<Callback, string> {
  const urlProblem = findUrlProblem(url);
  if (urlProblem !== undefined) return err(`invalid callback url: ${urlProblem}`);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'upstash-retries': String(source.retries),
  };
  for (const [name, value] of Object.entries(source.headers)) {
    const option = name.startsWith(source.prefix) ? name.slice(source.prefix.length) : undefined;
    if (option === 'delay') return err('callbacks cannot be delayed');
    // A callback has no callbacks of its own.
    if (option !== undefined && !/^(failure-)?callback/.test(option)) headers[`upstash-${option}`] = value;
  }
  const spec = parsePublishHeaders(headers);
  return spec.ok ? ok({ url, headers }) : err(`invalid callback configuration: ${spec.error}`);
}
