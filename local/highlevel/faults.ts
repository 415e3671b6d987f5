import * as z from 'zod';
import { createId } from './identifiers.ts';
import type { Store } from './store/store.ts';

const MAX_DELAY_MS = 600_000;

const common = {
  /** `POST /locations/`, as the OpenAPI document prints it or with `:name`; `*` for every route. */
  route: z.string().min(1),
  /** For so many of the next requests. */
  count: z.int().positive().max(1_000_000).default(1),
  /** So many pass unharmed first. */
  skip: z.int().nonnegative().default(0),
};

/** What can go wrong on demand. `POST /__sandbox/faults` takes one of these. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** Answers this and does nothing: 429, 500, 502, a refused delete (403)… */
  z.strictObject({ ...common, kind: z.literal('status'), status: z.int().min(400).max(599) }),
  /** Does the work and answers this all the same: the 422 that still created the contact. */
  z.strictObject({ ...common, kind: z.literal('status-after'), status: z.int().min(400).max(599) }),
  /** Never answers; the work is not done. */
  z.strictObject({ ...common, kind: z.literal('hang') }),
  /** Does the work and never answers. */
  z.strictObject({ ...common, kind: z.literal('hang-after') }),
  /** Drops the connection; the work is not done. */
  z.strictObject({ ...common, kind: z.literal('reset-before') }),
  /** Does the work and drops the connection. */
  z.strictObject({ ...common, kind: z.literal('reset-after') }),
  /** Does the work at once and answers late. */
  z.strictObject({ ...common, kind: z.literal('slow'), delayMs: z.int().positive().max(MAX_DELAY_MS) }),
  /** On a search: it does not see yet what is younger than this. */
  z.strictObject({ ...common, kind: z.literal('search-lag'), lagMs: z.int().positive().max(MAX_DELAY_MS) }),
]);

export type Fault = z.output<typeof faultSchema>;

type StoredFault = { readonly id: string; readonly fault: Fault };

export type Faults = ReturnType<typeof createFaults>;

/** Faults wait in the file, in the order they were asked for; each request takes at most one. */
export function createFaults(store: Store) {
  const waiting = store.collection<StoredFault>('faults', { ownerOf: () => 'sandbox' });

  function settle({ id, fault }: StoredFault): Fault | undefined {
    const next = fault.skip > 0 ? { ...fault, skip: fault.skip - 1 } : { ...fault, count: fault.count - 1 };
    if (next.count === 0) waiting.remove(id);
    else waiting.put({ id, fault: next });
    return fault.skip > 0 ? undefined : fault;
  }

  return {
    add(fault: Fault): StoredFault {
      return waiting.put({ id: createId(), fault: { ...fault, route: fault.route.replaceAll(/\{(\w+)\}/g, ':$1') } });
    },
    /** The fault that is due for this request, and counts it. */
    take(route: string): Fault | undefined {
      const due = waiting.listAll().find(({ fault }) => fault.route === route || fault.route === '*');
      return due === undefined ? undefined : settle(due);
    },
    list: (): StoredFault[] => waiting.listAll(),
    clear: waiting.clear,
  };
}
