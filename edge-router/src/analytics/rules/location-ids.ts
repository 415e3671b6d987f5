import * as z from 'zod';
import { isUuid } from '../../rules/ids.ts';

/** What fits into an address. */
const MAX_LOCATIONS = 400;

/** Ids of locations separated by commas, each once and in order, so that the same question is written the same way. */
export const locationIdsSchema = z
  .string()
  .transform((text) => [
    ...new Set(
      text
        .toLowerCase()
        .split(',')
        .map((id) => id.trim()),
    ),
  ])
  .pipe(
    z
      .array(z.string().refine(isUuid, { error: 'not an id of ours' }))
      .max(MAX_LOCATIONS, { error: `at most ${MAX_LOCATIONS} locations` }),
  )
  .transform((ids) => ids.toSorted())
  .describe('ids of locations, separated by commas; all of them when left out');
