/** A step is a name, a place in a list, or the first item of a list whose field has a value: `data.fields[name=zip].value`. */
const STEP = /([^.[\]]+)|\[(\d+)\]|\[([^=\]]+)=([^\]]*)\]/g;
const MAX_STEPS = 12;
const PATH = /^[^.[\]]+(?:\.[^.[\]]+|\[\d+\]|\[[^=\]]+=[^\]]*\])*$/;

export function isPath(text: string): boolean {
  return text.length <= 200 && PATH.test(text) && [...text.matchAll(STEP)].length <= MAX_STEPS;
}

/** What a body has at a path; undefined for nothing. */
export function findPath(body: unknown, path: string): unknown {
  let found = body;
  for (const [, name, place, key, value] of path.matchAll(STEP)) {
    if (found === null || typeof found !== 'object') return undefined;
    if (name !== undefined) found = Object.hasOwn(found, name) ? (found as Record<string, unknown>)[name] : undefined;
    else if (!Array.isArray(found)) return undefined;
    else if (place !== undefined) found = found[Number(place)];
    else found = found.find((item: unknown) => textOf(findPath(item, key ?? '')) === value);
  }
  return found;
}

/** The text of a value that has one: the first of a list, which ad platforms send for a single answer. */
export function textOf(value: unknown): string | null {
  if (Array.isArray(value)) return value.length === 0 ? null : textOf(value[0]);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}
