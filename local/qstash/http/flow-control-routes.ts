import { MAX_IN_FLIGHT } from '../delivery/dispatcher.ts';
import { parsePeriodSeconds, parsePositiveInteger } from '../protocol/flow-control.ts';
import type { Services } from '../services.ts';
import { createFlowKey, type FlowKey } from '../store/flow-keys-table.ts';
import { EMPTY, fail, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

export function createFlowControlRoutes({ store, clock, dispatcher }: Services): Route[] {
  /** Makes the key when there is none yet: it may be paused before the first message. */
  async function change(key: string, apply: (flow: FlowKey) => FlowKey): Promise<ApiResponse> {
    const flow = await store.write(() => {
      const changed = apply(store.flowKeys.find(key) ?? createFlowKey(key));
      store.flowKeys.put(changed);
      return changed;
    });
    dispatcher.configureFlow(flow);
    return EMPTY;
  }

  function changeTo(apply: (flow: FlowKey) => FlowKey) {
    return ({ params }: ApiRequest): Promise<ApiResponse> => change(params['key'] ?? '', apply);
  }

  /** What is pinned stays as it is whatever messages say; the current period starts over. */
  async function pin({ params, query }: ApiRequest): Promise<ApiResponse> {
    const parallelism = parsePositiveInteger(query.get('parallelism') ?? '');
    const rate = parsePositiveInteger(query.get('rate') ?? '');
    const periodSeconds = parsePeriodSeconds(query.get('period') ?? '1');
    const isRefused =
      (query.has('parallelism') && parallelism === undefined) || (query.has('rate') && rate === undefined);
    if (isRefused || periodSeconds === undefined) return fail(400, 'invalid parallelism, rate or period');
    if (parallelism === undefined && rate === undefined) return fail(400, 'nothing to pin');
    await change(params['key'] ?? '', (flow) => ({
      ...flow,
      pinnedParallelism: parallelism === undefined ? flow.pinnedParallelism : true,
      pinnedRate: rate === undefined ? flow.pinnedRate : true,
      limits: {
        parallelism: parallelism ?? flow.limits.parallelism,
        rate: rate ?? flow.limits.rate,
        periodSeconds: rate === undefined ? flow.limits.periodSeconds : periodSeconds,
      },
    }));
    return resetRate(params['key'] ?? '');
  }

  function unpin({ params, query }: ApiRequest): Promise<ApiResponse> {
    return change(params['key'] ?? '', (flow) => ({
      ...flow,
      pinnedParallelism: flow.pinnedParallelism && query.get('parallelism') !== 'true',
      pinnedRate: flow.pinnedRate && query.get('rate') !== 'true',
    }));
  }

  async function resetRate(key: string): Promise<ApiResponse> {
    await change(key, (flow) => ({ ...flow, rateCount: 0, periodStartMs: clock.nowMs() }));
    dispatcher.resetFlowRate(key);
    return EMPTY;
  }

  function getFlow({ params }: ApiRequest): ApiResponse {
    const flow = store.flowKeys.find(params['key'] ?? '');
    return flow === undefined ? fail(404, `flow control key ${params['key']} not found`) : succeed(describeFlow(flow));
  }

  function describeFlow(flow: FlowKey) {
    const use = dispatcher.describeFlow(flow.key);
    return {
      flowControlKey: flow.key,
      waitListSize: use?.waiting ?? 0,
      parallelismMax: flow.limits.parallelism ?? 0,
      parallelismCount: use?.active ?? 0,
      rateMax: flow.limits.rate ?? 0,
      rateCount: use?.rateCount ?? 0,
      ratePeriod: flow.limits.rate === undefined ? 0 : flow.limits.periodSeconds,
      ratePeriodStart: Math.floor((use?.periodStartMs ?? 0) / 1_000),
      isPaused: flow.paused,
      isPinnedParallelism: flow.pinnedParallelism,
      isPinnedRate: flow.pinnedRate,
    };
  }

  function describeGlobal(): ApiResponse {
    return succeed({ parallelismMax: MAX_IN_FLIGHT, parallelismCount: dispatcher.counts().inFlight });
  }

  const pause = changeTo((flow) => ({ ...flow, paused: true }));
  const resume = changeTo((flow) => ({ ...flow, paused: false }));

  return [
    { methods: ['GET'], path: '/v2/globalParallelism', handle: describeGlobal },
    { methods: ['GET'], path: '/v2/flowControl', handle: () => succeed(store.flowKeys.list().map(describeFlow)) },
    { methods: ['GET'], path: '/v2/flowControl/:key', handle: getFlow },
    { methods: ['POST'], path: '/v2/flowControl/:key/pause', handle: pause },
    { methods: ['POST'], path: '/v2/flowControl/:key/resume', handle: resume },
    { methods: ['POST'], path: '/v2/flowControl/:key/pin', handle: pin },
    { methods: ['POST'], path: '/v2/flowControl/:key/unpin', handle: unpin },
    {
      methods: ['POST'],
      path: '/v2/flowControl/:key/resetRate',
      handle: ({ params }) => resetRate(params['key'] ?? ''),
    },
  ];
}
