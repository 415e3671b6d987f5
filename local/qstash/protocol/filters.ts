// The filters of the list, cancel, delete and retry calls: values of one filter are alternatives, filters narrow each
// other, and a filter the call does not know is refused rather than ignored.

import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';

/** What a filter looks at; an absent field matches no filter on it. */
export type Filterable = {
  readonly messageId: string;
  readonly url: string;
  readonly topicName?: string | undefined;
  readonly queueName?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly flowControlKey?: string | undefined;
  readonly callerIp?: string | undefined;
  readonly labels: readonly string[];
  readonly timeMs: number;
  readonly state?: string | undefined;
  readonly responseStatus?: number | undefined;
};

const VALUES_OF = {
  messageId: (item: Filterable) => [item.messageId],
  messageIds: (item: Filterable) => [item.messageId],
  url: (item: Filterable) => [item.url],
  host: (item: Filterable) => [new URL(item.url).host],
  path: (item: Filterable) => [new URL(item.url).pathname],
  topicName: (item: Filterable) => [item.topicName],
  queueName: (item: Filterable) => [item.queueName],
  scheduleId: (item: Filterable) => [item.scheduleId],
  flowControlKey: (item: Filterable) => [item.flowControlKey],
  callerIp: (item: Filterable) => [item.callerIp],
  callerIP: (item: Filterable) => [item.callerIp],
  label: (item: Filterable) => item.labels,
  responseStatus: (item: Filterable) => [String(item.responseStatus)],
  state: (item: Filterable) => (IN_PROGRESS_STATES.has(item.state) ? [item.state, 'IN_PROGRESS'] : [item.state]),
} as const satisfies Record<string, (item: Filterable) => readonly (string | undefined)[]>;

const IN_PROGRESS_STATES = new Set<string | undefined>(['ACTIVE', 'RETRY', 'ERROR']);

export type FilterName = keyof typeof VALUES_OF | 'fromDate' | 'toDate';

const COMMON: readonly FilterName[] = [
  'url',
  'topicName',
  'queueName',
  'scheduleId',
  'flowControlKey',
  'callerIp',
  'callerIP',
  'label',
  'fromDate',
  'toDate',
];
export const CANCEL_FILTERS: readonly FilterName[] = [...COMMON, 'host', 'path', 'messageIds'];
export const DLQ_FILTERS: readonly FilterName[] = [...COMMON, 'messageId', 'responseStatus'];
export const LOG_FILTERS: readonly FilterName[] = [...COMMON, 'host', 'path', 'messageId', 'messageIds', 'state'];

/** Query parameters that are no filters but understood by the calls that filter. */
const PAGING = new Set(['cursor', 'count', 'dlqIds', 'async', 'qstash_token']);

export type Filter = (item: Filterable) => boolean;

/** One predicate for a whole query; the error names the first parameter that is unknown or makes no sense. */
export function parseFilter(query: URLSearchParams, allowed: readonly FilterName[]): Result<Filter, string> {
  const conditions: Filter[] = [];
  for (const name of new Set(query.keys())) {
    if (PAGING.has(name) || name.startsWith('upstash-')) continue;
    const known = allowed.find((candidate) => candidate === name);
    if (known === undefined) return err(`unknown filter: ${name}`);
    const condition = parseCondition(known, query.getAll(name));
    if (!condition.ok) return condition;
    conditions.push(condition.value);
  }
  return ok((item) => conditions.every((condition) => condition(item)));
}

/** Values given by repeating a parameter, or separated by commas in one. */
export function readValues(query: URLSearchParams, name: string): readonly string[] {
  return query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '');
}

function parseCondition(name: FilterName, given: readonly string[]): Result<Filter, string> {
  if (name === 'fromDate' || name === 'toDate') return parseDateCondition(name, given[0] ?? '');
  // A value is also tried whole: an address may hold a comma of its own.
  const wanted = new Set(given.flatMap((value) => [value, ...value.split(',')]));
  const valuesOf = VALUES_OF[name];
  return ok((item) => valuesOf(item).some((value) => value !== undefined && wanted.has(value)));
}

function parseDateCondition(name: 'fromDate' | 'toDate', text: string): Result<Filter, string> {
  if (!/^\d{1,16}$/.test(text)) return err(`invalid ${name}: ${text}`);
  const limitMs = Number(text);
  return ok((item) => (name === 'fromDate' ? item.timeMs >= limitMs : item.timeMs <= limitMs));
}
