import * as z from 'zod';
import { meSchema } from '../http/me.ts';
import type { Operation } from './operation.ts';

const tag = 'System';

const readySchema = z.object({
  status: z.enum(['ready', 'degraded', 'unavailable']),
  degraded: z.array(z.string()).describe('what is missing'),
  parts: z.record(z.string(), z.enum(['up', 'down'])),
  directory: z.object({
    version: z.number().nullable(),
    locations: z.number(),
    checkedMsAgo: z.number().nullable(),
    loadedFrom: z.enum(['redis', 'postgres']).nullable(),
  }),
  outbox: z.object({ unpublished: z.number(), oldestAgeSeconds: z.number().nullable() }).nullable(),
  alarms: z.array(
    z.object({
      name: z.enum(['parked_too_long', 'performance_stale', 'lead_month_missing']),
      ageSeconds: z.number().optional(),
      limitSeconds: z.number().optional(),
      month: z.string().optional().describe('that leads have no partition for'),
    }),
  ),
  performanceAgeSeconds: z.number().nullable().describe('of what /v1/analytics/realtime answers'),
  replica: z
    .object({ status: z.enum(['up', 'down']), lagSeconds: z.number().nullable() })
    .nullable()
    .describe('for reports; null where there is none'),
  parkingLot: z.object({ waiting: z.number(), oldestAgeSeconds: z.number().nullable() }).nullable(),
});

export const systemOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/me',
    tag,
    summary: 'What the key may do that asks',
    scope: 'any',
    answers: { 200: { description: 'the key', schema: meSchema } },
  },
  {
    method: 'get',
    path: '/healthz',
    tag,
    summary: 'The Worker runs',
    scope: null,
    answers: { 200: { description: 'always', schema: z.object({ status: z.literal('ok') }) } },
  },
  {
    method: 'get',
    path: '/readyz',
    tag,
    summary: 'What the Worker stands on, and what waits',
    scope: null,
    answers: {
      200: { description: 'leads can be taken', schema: readySchema },
      503: { description: 'they cannot', schema: readySchema },
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    tag,
    summary: 'This description',
    scope: null,
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.record(z.string(), z.unknown()) } },
  },
];
