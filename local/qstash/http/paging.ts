import { parsePositiveInteger } from '../protocol/flow-control.ts';

export type Page<T> = { readonly items: readonly T[]; readonly cursor: string | undefined };

type Limits = { readonly byDefault: number; readonly most: number };

/** Everything newest first lies before its cursor; without one, before the end of time. */
export function readCursor(query: URLSearchParams): number {
  return parsePositiveInteger(query.get('cursor') ?? '') ?? Number.MAX_SAFE_INTEGER;
}

export function readCount(query: URLSearchParams, { byDefault, most }: Limits): number {
  return Math.min(parsePositiveInteger(query.get('count') ?? '') ?? byDefault, most);
}

/** The first `count`, and the cursor behind which the rest lies when there is one. */
export function takePage<T extends { readonly seq: number }>(found: Iterable<T>, count: number): Page<T> {
  const items: T[] = [];
  for (const item of found) {
    if (items.length === count) return { items, cursor: String(items.at(-1)?.seq) };
    items.push(item);
  }
  return { items, cursor: undefined };
}
