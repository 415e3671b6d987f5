import * as z from 'zod';
import { isName } from '../protocol/identifiers.ts';
import { findUrlProblem } from '../protocol/publish-headers.ts';
import type { Services } from '../services.ts';
import type { Endpoint, UrlGroup } from '../store/url-groups-table.ts';
import { EMPTY, fail, parseJsonBody, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

const MAX_ENDPOINTS = 1_000;

const addSchema = z.object({ endpoints: z.array(z.object({ url: z.string(), name: z.string().optional() })).min(1) });
const removeSchema = z.object({
  endpoints: z.array(z.object({ url: z.string().optional(), name: z.string().optional() })).min(1),
});
const headersSchema = z.object({ headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])) });

/** URL groups, called topics in the addresses. */
export function createUrlGroupRoutes({ store, clock }: Services): Route[] {
  async function save(name: string, change: Partial<UrlGroup>): Promise<ApiResponse> {
    await store.write(() => {
      const nowMs = clock.nowMs();
      const group = store.urlGroups.find(name) ?? { name, endpoints: [], headers: {}, createdAtMs: nowMs };
      store.urlGroups.put({ ...group, ...change, updatedAtMs: nowMs });
    });
    return EMPTY;
  }

  async function addEndpoints(request: ApiRequest): Promise<ApiResponse> {
    const name = request.params['name'] ?? '';
    if (!isName(name)) return fail(400, `invalid topic name: ${name}`);
    const wanted = parseJsonBody(request, addSchema);
    if (!wanted.ok) return wanted.error;
    const added = wanted.value.endpoints;
    const problem = added.map(({ url }) => findUrlProblem(url)).find((found) => found !== undefined);
    if (problem !== undefined) return fail(400, `invalid destination url: ${problem}`);
    const kept = (store.urlGroups.find(name)?.endpoints ?? []).filter((old) => !added.some((one) => isSame(one, old)));
    const endpoints = [...kept, ...added];
    return endpoints.length > MAX_ENDPOINTS ? fail(412, 'too many endpoints') : save(name, { endpoints });
  }

  /** A group without endpoints is gone. */
  async function removeEndpoints(request: ApiRequest): Promise<ApiResponse> {
    const group = findGroup(request);
    const wanted = parseJsonBody(request, removeSchema);
    if (!wanted.ok) return wanted.error;
    if (group === undefined) return notFound(request);
    const endpoints = group.endpoints.filter((old) => !wanted.value.endpoints.some((one) => isSame(one, old)));
    return endpoints.length > 0 ? save(group.name, { endpoints }) : removeGroup(request);
  }

  /** Publish headers for every message to the group that does not set them itself. */
  async function setHeaders(request: ApiRequest): Promise<ApiResponse> {
    const group = findGroup(request);
    const wanted = parseJsonBody(request, headersSchema);
    if (!wanted.ok) return wanted.error;
    if (group === undefined) return notFound(request);
    const headers = Object.entries(wanted.value.headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : value,
    ]);
    return save(group.name, { headers: Object.fromEntries(headers) });
  }

  async function removeGroup(request: ApiRequest): Promise<ApiResponse> {
    const removed = await store.write(() => store.urlGroups.remove(request.params['name'] ?? ''));
    return removed ? EMPTY : notFound(request);
  }

  function getGroup(request: ApiRequest): ApiResponse {
    const group = findGroup(request);
    return group === undefined ? notFound(request) : succeed(describeGroup(group));
  }

  function findGroup({ params }: ApiRequest): UrlGroup | undefined {
    return store.urlGroups.find(params['name'] ?? '');
  }

  return [
    { methods: ['GET'], path: '/v2/topics', handle: () => succeed(store.urlGroups.list().map(describeGroup)) },
    { methods: ['GET'], path: '/v2/topics/:name', handle: getGroup },
    { methods: ['PATCH'], path: '/v2/topics/:name', handle: setHeaders },
    { methods: ['DELETE'], path: '/v2/topics/:name', handle: removeGroup },
    { methods: ['POST'], path: '/v2/topics/:name/endpoints', handle: addEndpoints },
    { methods: ['DELETE'], path: '/v2/topics/:name/endpoints', handle: removeEndpoints },
  ];
}

function isSame(wanted: { url?: string | undefined; name?: string | undefined }, known: Endpoint): boolean {
  return wanted.url === known.url || (wanted.name !== undefined && wanted.name === known.name);
}

function describeGroup({ name, endpoints, createdAtMs, updatedAtMs }: UrlGroup) {
  return { name, endpoints, createdAt: createdAtMs, updatedAt: updatedAtMs };
}

function notFound({ params }: ApiRequest): ApiResponse {
  return fail(404, `topic ${params['name']} not found`);
}
