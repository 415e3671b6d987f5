import * as z from 'zod';

/** A page of a list: `nextCursor` asks for the next one, null after the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
