import * as z from 'zod';

/** HighLevel leaves out what is empty, or sends null: both are null here. */
export const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? null);

export const optionalFlag = z
  .boolean()
  .nullish()
  .transform((flag) => flag ?? null);

export const optionalNumber = z
  .number()
  .nullish()
  .transform((number) => number ?? null);

export const id = z.string().min(1);

/** A list that HighLevel leaves out when it is empty. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

/** `succeded`, as HighLevel spells it in this version of its API; later ones spell it otherwise. */
export const succeededSchema = z
  .object({ succeded: z.boolean().optional(), succeeded: z.boolean().optional(), success: z.boolean().optional() })
  .transform((answer) => answer.succeded ?? answer.succeeded ?? answer.success ?? true);
