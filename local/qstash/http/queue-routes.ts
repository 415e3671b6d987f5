import * as z from 'zod';
import { isName } from '../protocol/identifiers.ts';
import type { Services } from '../services.ts';
import type { Queue } from '../store/queues-table.ts';
import { cancelMessages } from './message-routes.ts';
import { EMPTY, fail, parseJsonBody, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

const MAX_PARALLELISM = 100;

const upsertSchema = z.object({
  queueName: z.string().refine(isName, 'may hold letters, digits, hyphens, periods and underscores'),
  parallelism: z.int().min(1).max(MAX_PARALLELISM).optional(),
  paused: z.boolean().optional(),
});

export function createQueueRoutes(services: Services): Route[] {
  const { store, clock, dispatcher } = services;

  async function change(name: string, wanted: { parallelism?: number | undefined; paused?: boolean | undefined }) {
    const queue = await store.write(() => store.queues.upsert(name, wanted, clock.nowMs()));
    dispatcher.configureQueue(queue);
    return EMPTY;
  }

  async function upsert(request: ApiRequest): Promise<ApiResponse> {
    const wanted = parseJsonBody(request, upsertSchema);
    return wanted.ok ? change(wanted.value.queueName, wanted.value) : wanted.error;
  }

  function setPaused(paused: boolean) {
    return (request: ApiRequest): ApiResponse | Promise<ApiResponse> => {
      const name = request.params['name'] ?? '';
      return isName(name) ? change(name, { paused }) : fail(400, `invalid queue name: ${name}`);
    };
  }

  function getQueue({ params }: ApiRequest): ApiResponse {
    const queue = store.queues.find(params['name'] ?? '');
    return queue === undefined ? fail(404, `queue ${params['name']} not found`) : succeed(describeQueue(queue));
  }

  /** Its waiting messages go with it. */
  async function removeQueue({ params }: ApiRequest): Promise<ApiResponse> {
    const name = params['name'] ?? '';
    await cancelMessages(services, store.messages.listQueued(name));
    await store.write(() => store.queues.remove(name));
    dispatcher.removeQueue(name);
    return EMPTY;
  }

  function describeQueue({ name, parallelism, paused, createdAtMs, updatedAtMs }: Queue) {
    const lag = store.messages.countQueued(name);
    return { name, parallelism, paused, createdAt: createdAtMs, updatedAt: updatedAtMs, lag };
  }

  return [
    { methods: ['POST'], path: '/v2/queues', handle: upsert },
    { methods: ['GET'], path: '/v2/queues', handle: () => succeed(store.queues.list().map(describeQueue)) },
    { methods: ['GET'], path: '/v2/queues/:name', handle: getQueue },
    { methods: ['DELETE'], path: '/v2/queues/:name', handle: removeQueue },
    { methods: ['POST'], path: '/v2/queues/:name/pause', handle: setPaused(true) },
    { methods: ['POST'], path: '/v2/queues/:name/resume', handle: setPaused(false) },
  ];
}
