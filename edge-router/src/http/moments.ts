const EARLIEST_MS = Date.UTC(1970, 0, 2);
const LATEST_MS = Date.UTC(9999, 11, 31);

/**
 * Whether Postgres reads a time as a JavaScript date writes it. Its zone may move the last day of 9999 into a year of five
 * digits. What is no time at all is for its format to refuse.
 */
export function isStorableMoment(text: string): boolean {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || (ms >= EARLIEST_MS && ms < LATEST_MS);
}
