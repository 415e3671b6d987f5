// Controls that only this stand-in has, for tests and demonstrations; all take the token like every other call.
//   GET  /__test/state                     what is waiting, under way, dead, and which faults are set
//   POST /__test/schedules/{id}/fire       runs a schedule now: { messageIds }
//   POST /__test/faults/{name}?count=N     duplicate | forget | crash for the next N deliveries (delivery/faults.ts)
//   POST /__test/{pause,resume,reorder,keep-order}   all deliveries; `reorder` hands due messages out in another order

import { isFaultName } from '../delivery/faults.ts';
import type { Services } from '../services.ts';
import { EMPTY, fail, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

const MAX_FAULTS = 1_000_000;

export function createTestRoutes({ store, dispatcher, schedules, faults }: Services): Route[] {
  function describeState(): ApiResponse {
    const { pending, inFlight } = dispatcher.counts();
    return succeed({ pending, inFlight, deadLetters: store.deadLetters.count(), faults: faults.describe() });
  }

  async function fire({ params }: ApiRequest): Promise<ApiResponse> {
    const id = params['id'] ?? '';
    if (store.schedules.find(id) === undefined) return fail(404, `schedule ${id} not found`);
    return succeed({ messageIds: await schedules.run(id) });
  }

  function setFault({ params, query }: ApiRequest): ApiResponse {
    const name = params['name'] ?? '';
    const count = Number(query.get('count') ?? '1');
    if (!isFaultName(name)) return fail(400, `unknown fault: ${name}`);
    if (!Number.isInteger(count) || count < 0 || count > MAX_FAULTS) return fail(400, 'invalid count');
    faults.set(name, count);
    return EMPTY;
  }

  function doing(act: () => void) {
    return (): ApiResponse => {
      act();
      return EMPTY;
    };
  }

  return [
    { methods: ['GET'], path: '/__test/state', handle: describeState },
    { methods: ['POST'], path: '/__test/schedules/:id/fire', handle: fire },
    { methods: ['POST'], path: '/__test/faults/:name', handle: setFault },
    { methods: ['POST'], path: '/__test/pause', handle: doing(() => dispatcher.setPaused(true)) },
    { methods: ['POST'], path: '/__test/resume', handle: doing(() => dispatcher.setPaused(false)) },
    { methods: ['POST'], path: '/__test/reorder', handle: doing(() => dispatcher.setReordering(true)) },
    { methods: ['POST'], path: '/__test/keep-order', handle: doing(() => dispatcher.setReordering(false)) },
  ];
}
