import { describeEvent } from '../protocol/event-json.ts';
import { LOG_FILTERS, parseFilter, readValues, type Filter } from '../protocol/filters.ts';
import { toFilterable } from '../protocol/message-json.ts';
import type { Message } from '../protocol/message.ts';
import type { Services } from '../services.ts';
import type { EventRow } from '../store/events-table.ts';
import { readCount, readCursor, takePage } from './paging.ts';
import { fail, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

const COUNTS = { byDefault: 100, most: 1_000 };

type Found = EventRow & { readonly message: Message };

/** The log: `/v2/events` as the SDK asks for it, `/v2/logs` as the documents do. */
export function createEventRoutes({ store }: Services): Route[] {
  function listAs(field: 'events' | 'logs') {
    return ({ query }: ApiRequest): ApiResponse => {
      const filter = parseFilter(query, LOG_FILTERS);
      if (!filter.ok) return fail(400, filter.error);
      const { items, cursor } = takePage(findEvents(query, filter.value), readCount(query, COUNTS));
      return succeed({ cursor, [field]: items.map(describeEvent) });
    };
  }

  function* findEvents(query: URLSearchParams, filter: Filter): Generator<Found> {
    const messages = new Map<string, Message | undefined>();
    for (const event of readEvents(query)) {
      const { messageId, state, timeMs } = event;
      if (!messages.has(messageId)) messages.set(messageId, store.messages.find(messageId));
      const message = messages.get(messageId);
      if (message !== undefined && filter({ ...toFilterable(message), state, timeMs })) yield { ...event, message };
    }
  }

  function readEvents(query: URLSearchParams): Iterable<EventRow> {
    const ids = [...readValues(query, 'messageIds'), ...readValues(query, 'messageId')];
    return ids.length > 0 ? store.events.listOf(ids, readCursor(query)) : store.events.scan(readCursor(query));
  }

  return [
    { methods: ['GET'], path: '/v2/events', handle: listAs('events') },
    { methods: ['GET'], path: '/v2/logs', handle: listAs('logs') },
  ];
}
