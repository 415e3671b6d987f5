/**
 * Runs `work` for each item, at most `limit` at once, and answers the results in the items' order. The first throw ends
 * it: what is under way is waited for, nothing new begins.
 */
export async function mapInOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  const thrown: unknown[] = [];
  let next = 0;
  const runLane = async (): Promise<void> => {
    while (next < items.length && thrown.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as Item, index);
      } catch (error) {
        thrown.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runLane));
  if (thrown.length > 0) throw thrown[0];
  return results;
}
