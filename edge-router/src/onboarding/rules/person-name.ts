/** First and last name for a system that demands both; of a single word the last name is a dot. */
export function splitName(name: string): { readonly firstName: string; readonly lastName: string } {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const lastName = words.length > 1 ? (words.at(-1) ?? '.') : '.';
  const firstName = words.length > 1 ? words.slice(0, -1).join(' ') : (words[0] ?? '.');
  return { firstName, lastName };
}
