import * as z from 'zod';
import { locationPerformanceSchema } from '../../../db/queries/read-location-performance.ts';
import { realtimeQuerySchema } from '../analytics/routes.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Analytics';
const served = {
  servedBy: z.enum(['replica', 'primary']).describe('the primary where there is no replica, or it did not answer'),
  replicaLagSeconds: z.number().nullable().describe('how far the replica is behind, at most'),
};

export const analyticsOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/analytics/realtime',
    tag,
    summary: 'How locations do today: leads, conversions, seats',
    description:
      'Counted every five minutes; `refreshedAt` and `ageSeconds` say how old the numbers are. A day is the location’s own. A lead ' +
      'counts for the location that has it now, on the day it came; conversions are those of the day’s leads that are won.',
    scope: 'analytics:read',
    query: realtimeQuerySchema,
    answers: {
      200: {
        description: 'a page, in the order of locations’ ids',
        schema: pageOf(locationPerformanceSchema).extend({
          refreshedAt: z.string(),
          ageSeconds: z.number(),
          ...served,
        }),
      },
    },
  },
];
