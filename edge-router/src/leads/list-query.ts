import * as z from 'zod';
import type { LeadListRequest } from '../../../db/queries/list-leads.ts';
import { isStorableMoment } from '../http/moments.ts';
import { isUuid, isUuidv7 } from '../rules/ids.ts';
import { leadInputSchema } from './intake.ts';

/** A date is its first moment in UTC. Years that Postgres or a JavaScript date cannot hold are left out. */
const time = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'a date such as 2026-03-31, or a time with its zone',
  })
  .refine(isStorableMoment, { error: 'from 1970 to 9999' })
  .transform((text) => new Date(text).toISOString());

/** The query of `GET /v1/leads`. `from` is included, `to` is not. */
export const leadListQuerySchema = z
  .strictObject({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    cursor: z.string().refine(isUuidv7, { error: 'not a cursor that a list gave' }),
    order: z.enum(['newest', 'oldest']).default('newest'),
    status: z.enum(['assigned', 'parked', 'duplicate']),
    stage: z.enum(['delivered', 'contacted', 'won', 'lost']),
    locationId: z.string().toLowerCase().refine(isUuid, { error: 'not the id of a location' }),
    source: leadInputSchema.shape.source,
    from: time,
    to: time,
  })
  .partial({ cursor: true, status: true, stage: true, locationId: true, source: true, from: true, to: true })
  .transform(({ limit, order, ...given }): LeadListRequest => ({
    limit,
    order,
    cursor: given.cursor ?? null,
    status: given.status ?? null,
    stage: given.stage ?? null,
    locationId: given.locationId ?? null,
    source: given.source ?? null,
    from: given.from ?? null,
    to: given.to ?? null,
  }));
