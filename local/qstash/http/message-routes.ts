import { CANCEL_FILTERS, parseFilter, readValues } from '../protocol/filters.ts';
import { describeMessage, toFilterable } from '../protocol/message-json.ts';
import type { Services } from '../services.ts';
import { fail, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

/** Messages under way: a finished one is 404, as at QStash. */
export function createMessageRoutes(services: Services): Route[] {
  const { store } = services;

  function getMessage({ params }: ApiRequest): ApiResponse {
    const message = store.messages.findUnfinished(params['id'] ?? '');
    return message === undefined ? notFound(params['id']) : succeed(describeMessage(message));
  }

  async function cancelOne({ params }: ApiRequest): Promise<ApiResponse> {
    const cancelled = await cancelMessages(services, [params['id'] ?? '']);
    return cancelled === 1 ? { status: 202, json: { cancelled } } : notFound(params['id']);
  }

  /** Ids win over filters; neither means every message. `count` is accepted and ignored, as QStash does by now. */
  async function cancelMany({ query }: ApiRequest): Promise<ApiResponse> {
    const filter = parseFilter(query, CANCEL_FILTERS);
    if (!filter.ok) return fail(400, filter.error);
    const ids = query.has('messageIds') ? readValues(query, 'messageIds') : findMatching(filter.value);
    return { status: 202, json: { cancelled: await cancelMessages(services, ids) } };
  }

  function findMatching(filter: (item: ReturnType<typeof toFilterable>) => boolean): string[] {
    const ids: string[] = [];
    for (const message of store.messages.scanUnfinished()) if (filter(toFilterable(message))) ids.push(message.id);
    return ids;
  }

  return [
    { methods: ['GET'], path: '/v2/messages/:id', handle: getMessage },
    { methods: ['DELETE'], path: '/v2/messages/:id', handle: cancelOne },
    { methods: ['DELETE'], path: '/v2/messages', handle: cancelMany },
  ];
}

/** Answers how many of them were still to be delivered. */
export async function cancelMessages({ store, clock, dispatcher }: Services, ids: readonly string[]): Promise<number> {
  const cancelled = await store.write(() =>
    ids.filter((id) => {
      if (!store.messages.finish(id, 'CANCELED', clock.nowMs())) return false;
      store.events.insert(id, 'CANCEL_REQUESTED', clock.nowMs());
      store.events.insert(id, 'CANCELED', clock.nowMs());
      return true;
    }),
  );
  dispatcher.forget(cancelled);
  return cancelled.length;
}

function notFound(id: string | undefined): ApiResponse {
  return fail(404, `message ${id} not found`);
}
