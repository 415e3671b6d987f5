import * as z from 'zod';
import { locationRowSchema } from '../../../db/queries/location-row.ts';
import { capacitySchema } from '../../../db/queries/read-capacity.ts';
import { rowsSchema } from '../http/table-body.ts';
import { nearbyQuerySchema } from '../locations/find-nearby.ts';
import { locationPatchSchema } from '../locations/patch-location.ts';
import { capacityBodySchema, listQuerySchema } from '../locations/routes.ts';
import type { ShownLocation } from '../locations/shown-location.ts';
import { inputErrorSchema } from './problem-answers.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Locations';
const parameters = { id: 'our id of the location' };

const exampleRows = {
  rows: [
    {
      'Location Name': 'Otterbrook Plumbing Mobile',
      'Franchise Code': 'OBP-002',
      Address: '237 Juniper Way',
      City: 'Mobile',
      State: 'AL',
      'Zip Code': '36606',
      'Capacity Limit': '15',
    },
  ],
};
const exampleCsv =
  'Location Name,Franchise Code,Address,City,State,Zip Code,Capacity Limit\n' +
  'Otterbrook Plumbing Mobile,OBP-002,237 Juniper Way,Mobile,AL,36606,15\n';

const importedSchema = z.object({
  total: z.int(),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  warnings: z.array(inputErrorSchema).describe('what was left out, repaired or guessed, cell by cell; at most 500'),
});

const shownLocationSchema = locationRowSchema.extend({
  hoursText: z.string().nullable().describe('the hours as `PATCH` takes them; null is open at all times'),
  open: z.boolean(),
  opensAt: z.string().nullable().describe('when it opens next; null where it is open, or does not within 14 days'),
}) satisfies z.ZodType<ShownLocation>;

const nearSchema = z.object({
  origin: z.object({ coordinates: z.object({ lng: z.number(), lat: z.number() }), geoConfidence: z.string() }),
  items: z.array(
    locationRowSchema
      .pick({ id: true, name: true, franchiseCode: true, ghlLocationId: true, active: true, paused: true })
      .extend({
        coordinates: z.object({ lng: z.number(), lat: z.number() }),
        city: z.string(),
        state: z.string(),
        postalCode: z.string(),
        timezone: z.string(),
        services: z.array(z.string()),
        dailyCap: z.number().nullable(),
        distanceMiles: z.number(),
      }),
  ),
  nextCursor: z.null(),
});

export const locationOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/locations',
    tag,
    summary: 'List locations',
    scope: 'locations:read',
    query: listQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(locationRowSchema) } },
  },
  {
    method: 'get',
    path: '/v1/locations/nearby',
    tag,
    summary: 'Find the nearest locations',
    description: 'By a postal code, or by `lng` and `lat`. Answered without a call to anything outside.',
    scope: 'locations:read',
    query: nearbyQuerySchema,
    answers: { 200: { description: 'nearest first', schema: nearSchema } },
  },
  {
    method: 'post',
    path: '/v1/locations/import',
    tag,
    summary: 'Create and change locations by their franchise codes',
    description:
      'Every row or none: one answer names every bad cell. Whether a location is active stays as it is where the file does not say it.',
    scope: 'locations:write',
    body: { schema: rowsSchema, example: exampleRows, csv: exampleCsv },
    answers: { 200: { description: 'what was done', schema: importedSchema } },
    problems: ['conflict'],
  },
  {
    method: 'get',
    path: '/v1/locations/:id',
    tag,
    summary: 'Look up a location',
    scope: 'locations:read',
    parameters,
    answers: { 200: { description: 'the location', schema: shownLocationSchema } },
    problems: ['not_found'],
  },
  {
    method: 'patch',
    path: '/v1/locations/:id',
    tag,
    summary: 'Change a location',
    description: 'What is left out stays. The next lead is decided by the change.',
    scope: 'locations:write',
    parameters,
    body: { schema: locationPatchSchema, example: { paused: true } },
    answers: { 200: { description: 'the whole location', schema: shownLocationSchema } },
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'get',
    path: '/v1/locations/:id/capacity',
    tag,
    summary: 'Today’s seats of a location',
    scope: 'locations:read',
    parameters,
    answers: { 200: { description: 'its own day, the cap and the seats taken', schema: capacitySchema } },
    problems: ['not_found'],
  },
  {
    method: 'put',
    path: '/v1/locations/:id/capacity',
    tag,
    summary: 'Set the daily cap',
    scope: 'locations:write',
    parameters,
    body: { schema: capacityBodySchema, example: { dailyCap: 20 } },
    answers: { 200: { description: 'its own day, the cap and the seats taken', schema: capacitySchema } },
    problems: ['not_found'],
  },
];
