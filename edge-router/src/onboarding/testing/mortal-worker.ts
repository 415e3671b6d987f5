import { createApp } from '../../app.ts';
import type { AppDeps } from '../../deps.ts';
import type { Highlevel } from '../../highlevel/highlevel.ts';
import type { TestRouter } from '../../testing/test-router.ts';

/** What goes wrong with one call to HighLevel. `die-…` ends the Worker there: nothing it does afterwards happens. */
export type Fault =
  | 'die-before'
  | 'die-after'
  | 'die-before-write'
  | 'reset-before'
  | 'reset-after'
  | 'hang-after'
  | { readonly status: number; readonly isDone: boolean }
  /** It is on its way for so long. */
  | { readonly until: Promise<void> };

export interface SentCall {
  readonly method: string;
  /** Without query; ids as they are. */
  readonly path: string;
  /** 0 is the first that this Worker sends. */
  readonly index: number;
}

export interface MortalWorker extends Pick<TestRouter, 'send' | 'deps'> {
  readonly highlevel: Highlevel | null;
  readonly calls: readonly SentCall[];
  readonly died: Promise<'died'>;
}

/** Another Worker over the same parts, whose calls to HighLevel fail as `plan` says. */
export function createMortalWorker(
  router: TestRouter,
  plan: (call: SentCall) => Fault | null = () => null,
  moreDeps: Partial<AppDeps> = {},
): MortalWorker {
  const { promise: died, resolve } = Promise.withResolvers<'died'>();
  const calls: SentCall[] = [];
  let isDead = false;
  let diesWithNextWrite = false;
  const die = (): Promise<never> => {
    isDead = true;
    resolve('died');
    // Nobody waits for a Worker that is gone.
    return new Promise<never>(() => undefined);
  };
  const { fetch: send, database } = router.deps;
  const deps: AppDeps = {
    ...router.deps,
    ...moreDeps,
    fetch: async (url, init) => {
      if (isDead) return die();
      const call = { method: init.method ?? 'GET', path: new URL(url).pathname, index: calls.length };
      calls.push(call);
      const fault = plan(call);
      if (fault === 'die-before') return die();
      if (fault === 'reset-before') throw new TypeError('fetch failed');
      if (isStatus(fault) && !fault.isDone) return answer(fault.status);
      if (fault && typeof fault === 'object' && 'until' in fault) await fault.until;
      const response = await send(url, init);
      if (fault === 'die-after' || isDead) return die();
      if (fault === 'die-before-write') diesWithNextWrite = true;
      if (fault === 'reset-after') throw new TypeError('fetch failed');
      if (fault === 'hang-after') throw new DOMException('The operation timed out.', 'TimeoutError');
      return isStatus(fault) ? answer(fault.status) : response;
    },
    database: new Proxy(database, {
      get: (target, name, receiver) => {
        const member: unknown = Reflect.get(target, name, receiver);
        if (name !== 'execute' || typeof member !== 'function') return member;
        return (...args: unknown[]): unknown =>
          isDead || diesWithNextWrite ? die() : (Reflect.apply(member, target, args) as unknown);
      },
    }),
  };
  const app = createApp(deps);
  const executionCtx = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
  return {
    deps,
    highlevel: app.highlevel,
    calls,
    died,
    send: async (method, path, { body } = {}) => {
      const headers = new Headers({ authorization: `Bearer ${router.apiKey}` });
      if (body !== undefined) headers.set('content-type', 'application/json');
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      return app.fetch(new Request(`https://router.test${path}`, init), {}, executionCtx);
    },
  };
}

function isStatus(fault: Fault | null): fault is { status: number; isDone: boolean } {
  return typeof fault === 'object' && fault !== null && 'status' in fault;
}

function answer(status: number): Response {
  const body = { statusCode: status, message: 'A fault that a test asked for', traceId: 'fault' };
  return Response.json(body, { status });
}
