const MAX_LENGTH = 500;

/**
 * A text of a webhook's payload. HighLevel's documents and what it sends differ: a number is its text, and what is none at all, or without
 * end, is as if it were not there, since a webhook that is refused is sent again, and then lost.
 */
export function toldText(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= MAX_LENGTH ? text : null;
}
