import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { acceptSubmission, type Acceptance, type Problem } from '../accept-submission.ts';
import { collectPublishHeaders } from '../protocol/collect-headers.ts';
import { DLQ_FILTERS, parseFilter, readValues } from '../protocol/filters.ts';
import { describeDeadLetter, toFilterable } from '../protocol/message-json.ts';
import type { Message } from '../protocol/message.ts';
import type { PublishHeaders } from '../protocol/publish-headers.ts';
import type { Services } from '../services.ts';
import type { DeadLetter } from '../store/dead-letters-table.ts';
import { readCount, readCursor, takePage, type Page } from './paging.ts';
import { describeAcceptance } from './publish-routes.ts';
import { EMPTY, fail, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

const COUNTS = { byDefault: 100, most: 100 };
/** When to deliver, and what counts as the same, was about the first time. */
const NOT_REPEATED = new Set([
  'upstash-delay',
  'upstash-not-before',
  'upstash-deduplication-id',
  'upstash-content-based-deduplication',
]);

type Found = DeadLetter & { readonly message: Message };

/** The dead letters: list, look at, delete, publish again. */
export function createDlqRoutes({ store, clock, intake }: Services): Route[] {
  /** By ids when there are any, else by filters; newest first. */
  function findPage({ query }: ApiRequest): Result<Page<Found>, ApiResponse> {
    const filter = parseFilter(query, DLQ_FILTERS);
    if (!filter.ok) return err(fail(400, filter.error));
    if (query.has('dlqIds')) return ok({ items: readValues(query, 'dlqIds').flatMap(findOne), cursor: undefined });
    const matching = filterFound(query, ({ message, response }) =>
      filter.value({ ...toFilterable(message), responseStatus: response.status }),
    );
    return ok(takePage(matching, readCount(query, COUNTS)));
  }

  function* filterFound(query: URLSearchParams, matches: (found: Found) => boolean): Generator<Found> {
    for (const deadLetter of store.deadLetters.scan(readCursor(query))) {
      for (const found of withMessage(deadLetter)) if (matches(found)) yield found;
    }
  }

  function findOne(dlqId: string): Found[] {
    const deadLetter = store.deadLetters.find(dlqId);
    return deadLetter === undefined ? [] : withMessage(deadLetter);
  }

  function withMessage(deadLetter: DeadLetter): Found[] {
    const message = store.messages.find(deadLetter.messageId);
    return message === undefined ? [] : [{ ...deadLetter, message }];
  }

  function list(request: ApiRequest): ApiResponse {
    const page = findPage(request);
    if (!page.ok) return page.error;
    return succeed({ cursor: page.value.cursor, messages: page.value.items.map(describe) });
  }

  function getOne({ params }: ApiRequest): ApiResponse {
    const [found] = findOne(params['id'] ?? '');
    return found === undefined ? notFound(params['id']) : succeed(describe(found));
  }

  async function removeOne({ params }: ApiRequest): Promise<ApiResponse> {
    const removed = await store.write(() => store.deadLetters.remove(params['id'] ?? ''));
    return removed ? EMPTY : notFound(params['id']);
  }

  async function removeMany(request: ApiRequest): Promise<ApiResponse> {
    const page = findPage(request);
    if (!page.ok) return page.error;
    const { items, cursor } = page.value;
    const removed = await store.write(() => items.filter(({ dlqId }) => store.deadLetters.remove(dlqId)));
    return succeed({ cursor, deleted: removed.length });
  }

  async function retryOne(request: ApiRequest): Promise<ApiResponse> {
    const found = findOne(request.params['id'] ?? '');
    if (found.length === 0) return notFound(request.params['id']);
    const results = await retry(found, collectOverrides(request));
    const problem = findProblem(results);
    return problem ?? { status: 201, json: describeResults(results)[0] };
  }

  async function retryMany(request: ApiRequest): Promise<ApiResponse> {
    const page = findPage(request);
    if (!page.ok) return page.error;
    const { items, cursor } = page.value;
    const missing = readValues(request.query, 'dlqIds').find((id) => !items.some(({ dlqId }) => dlqId === id));
    if (missing !== undefined) return notFound(missing);
    const results = await retry(items, collectOverrides(request));
    return findProblem(results) ?? { status: 201, json: { cursor: cursor ?? '', responses: describeResults(results) } };
  }

  /** Each becomes a new message; a dead letter goes only when its new message is stored, in the same transaction. */
  async function retry(found: readonly Found[], overrides: PublishHeaders) {
    const results = await store.write(() =>
      found
        // One that was retried or deleted meanwhile must not be published twice.
        .filter(({ dlqId }) => store.deadLetters.find(dlqId) !== undefined)
        .map(({ dlqId, message }) => {
          const result = publishAgain(message, overrides);
          if (result.ok) store.deadLetters.remove(dlqId);
          return result;
        }),
    );
    intake.admit(results);
    return results;
  }

  function publishAgain(message: Message, overrides: PublishHeaders): Result<Acceptance, Problem> {
    const { url, body, callerIp, topicName, endpointName, scheduleId, queueName } = message;
    const original = Object.entries(message.publishHeaders).filter(([name]) => !NOT_REPEATED.has(name));
    return acceptSubmission(store, clock, {
      destination: url,
      publishHeaders: { ...Object.fromEntries(original), ...overrides },
      body,
      origin: { callerIp, topicName, endpointName, scheduleId, queueName },
    });
  }

  return [
    { methods: ['GET'], path: '/v2/dlq', handle: list },
    { methods: ['DELETE'], path: '/v2/dlq', handle: removeMany },
    { methods: ['POST'], path: '/v2/dlq/retry', handle: retryMany },
    { methods: ['POST'], path: '/v2/dlq/retry/:id', handle: retryOne },
    { methods: ['GET'], path: '/v2/dlq/:id', handle: getOne },
    { methods: ['DELETE'], path: '/v2/dlq/:id', handle: removeOne },
  ];
}

/** Configuration headers on the retry override the original's; the content type of an empty request does not. */
function collectOverrides(request: ApiRequest): PublishHeaders {
  const { 'content-type': _, ...overrides } = collectPublishHeaders(request);
  return overrides;
}

function describe({ dlqId, message, response }: Found) {
  return describeDeadLetter(dlqId, message, response);
}

function describeResults(results: readonly Result<Acceptance, Problem>[]): unknown[] {
  return results.flatMap((result) => (result.ok ? [describeAcceptance(result.value)] : []));
}

function findProblem(results: readonly Result<Acceptance, Problem>[]): ApiResponse | undefined {
  const failed = results.find((result) => !result.ok);
  return failed === undefined || failed.ok ? undefined : fail(failed.error.status, failed.error.error);
}

function notFound(id: string | undefined): ApiResponse {
  return fail(404, `message ${id} not found`);
}
