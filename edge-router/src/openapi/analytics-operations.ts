import * as z from 'zod';
import { locationPerformanceSchema } from '../../../db/queries/read-location-performance.ts';
import { locationDaysQuerySchema, realtimeQuerySchema, reportQuerySchema } from '../analytics/routes.ts';
import { locationDaySchema, shownReportSchema } from '../analytics/shown-report.ts';
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
  {
    method: 'get',
    path: '/v1/analytics/locations',
    tag,
    summary: 'Leads, conversion, response time and seats, per location and day',
    description:
      'Days are each location’s own; those without leads and seats are left out. A lead counts for the location that has it now, on the ' +
      'day it came. Up to 31 days, and as many locations as make 15,500 days in all, are counted at once. More is a report: 202 until ' +
      'it is computed, then the same question is answered from it, for a day, or an hour where its days are not over. Ask for its pages ' +
      'by its own address. At most 1,100 days, and 6,000,000 days of locations.',
    scope: 'analytics:read',
    query: locationDaysQuerySchema,
    answers: {
      200: {
        description: 'a page, in the order of locations’ ids and days',
        schema: pageOf(locationDaySchema).extend({ ...served, report: shownReportSchema.nullable() }),
      },
      202: { description: 'the report, which is being computed', schema: z.object({ report: shownReportSchema }) },
    },
    problems: ['rate_limited'],
  },
  {
    method: 'get',
    path: '/v1/analytics/reports/:id',
    tag,
    summary: 'How far a report is, and its rows when it has finished',
    description: 'Reports are kept for 7 days.',
    scope: 'analytics:read',
    parameters: { id: 'the report’s id' },
    query: reportQuerySchema,
    answers: {
      200: { description: 'the report', schema: pageOf(locationDaySchema).extend({ report: shownReportSchema }) },
    },
    problems: ['not_found'],
  },
];
