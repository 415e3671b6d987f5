/**
 * Reads n8n's own form of what an execution did: a list in which each object names its values by their place in the list, so
 * that what is there twice is written once (https://github.com/WebReflection/flatted).
 */
export function unflatten(text: string): unknown {
  const list = JSON.parse(text) as unknown[];
  const made = new Map<number, unknown>();
  const read = (place: number): unknown => {
    const value = list[place];
    if (typeof value !== 'object' || value === null) return value;
    if (made.has(place)) return made.get(place);
    const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
    made.set(place, copy);
    for (const [key, entry] of Object.entries(value)) {
      Object.assign(copy, { [key]: typeof entry === 'string' ? read(Number(entry)) : entry });
    }
    return copy;
  };
  return read(0);
}
