/** How far a snapshot's load is. `unknown`: nobody knows of it yet. */
export type PushState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'loading'; readonly completed: readonly string[]; readonly pending: readonly string[] }
  | { readonly kind: 'done'; readonly completed: readonly string[] }
  | { readonly kind: 'failed' };

export interface PushAnswer {
  readonly status: string | null;
  /** Null where the answer does not say. */
  readonly completed: readonly string[] | null;
  readonly pending: readonly string[] | null;
}

const DONE = /^(completed?|success(ful)?|done)$/i;
const FAILED = /fail|error/i;

/**
 * HighLevel documents no words for `status`, so `pending` decides where there is one: something came and nothing is left.
 * Not even then is all of it there, as they say themselves: verify-setup looks.
 */
export function judgePush(answer: PushAnswer | null): PushState {
  const status = answer?.status ?? null;
  const completed = answer?.completed ?? [];
  const pending = answer?.pending ?? null;
  if (status === null && completed.length === 0 && (pending ?? []).length === 0) return { kind: 'unknown' };
  if (status !== null && FAILED.test(status)) return { kind: 'failed' };
  const saysDone = status !== null && DONE.test(status);
  if (pending === null) return saysDone ? { kind: 'done', completed } : { kind: 'loading', completed, pending: [] };
  const isEmptied = pending.length === 0 && completed.length > 0;
  return isEmptied || (saysDone && pending.length === 0)
    ? { kind: 'done', completed }
    : { kind: 'loading', completed, pending };
}
