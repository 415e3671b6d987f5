import * as z from 'zod';
import { callbackQuerySchema } from '../highlevel/routes.ts';
import type { Operation } from './operation.ts';

const tag = 'HighLevel';

const statusSchema = z.object({
  connection: z.enum(['connected', 'reconnect_needed', 'wrong_token_key', 'not_connected', 'not_configured']),
  reason: z.string().nullable().describe('why a person has to connect again'),
  company: z.object({ id: z.string(), name: z.string().nullable(), locations: z.number().nullable() }).nullable(),
  plan: z.string().nullable(),
  scopes: z.object({ granted: z.array(z.string()), missing: z.array(z.string()) }),
  installToFutureLocations: z.boolean().nullable().describe('whether new sub-accounts get the app by themselves'),
  snapshots: z.array(z.object({ id: z.string(), name: z.string().nullable(), type: z.string().nullable() })).nullable(),
  accessExpiresAt: z.string().nullable(),
  connectedAt: z.string().nullable(),
  failures: z
    .record(z.string(), z.object({ kind: z.string(), status: z.number().nullable() }))
    .describe('what could not be asked'),
  bulkRun: z.object({
    allowed: z.boolean(),
    refusals: z.array(z.object({ code: z.string(), message: z.string() })),
  }),
  webhooksToday: z.array(z.object({ outcome: z.string(), reason: z.string(), count: z.number(), lastAt: z.string() })),
});

export const highlevelOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/highlevel/status',
    tag,
    summary: 'How things stand with HighLevel',
    description: 'Costs four calls of the company’s budget. What cannot be asked is named in `failures`.',
    scope: 'highlevel:read',
    answers: { 200: { description: 'also while nothing is connected', schema: statusSchema } },
  },
  {
    method: 'post',
    path: '/v1/highlevel/connect',
    tag,
    summary: 'Begin to connect the app',
    description: 'An admin of the agency opens the address, chooses all sub-accounts and future ones, and comes back.',
    scope: 'highlevel:write',
    answers: {
      201: {
        description: 'where to go, once, within ten minutes',
        schema: z.object({ authorizeUrl: z.string(), expiresAt: z.string() }),
      },
    },
    problems: ['not_connected'],
  },
  {
    method: 'get',
    path: '/v1/oauth/callback',
    tag,
    summary: 'Where HighLevel sends the admin back to',
    scope: null,
    query: callbackQuerySchema,
    answers: { 200: { description: 'a page: it is connected' } },
    problems: ['not_connected', 'conflict', 'upstream_failed', 'unavailable'],
  },
  {
    method: 'post',
    path: '/v1/webhooks/highlevel',
    tag,
    summary: 'Take a webhook of HighLevel',
    description:
      'Signed by HighLevel over the raw body: `X-GHL-Signature`, Ed25519 in base64. The URL of the app’s webhooks.',
    scope: null,
    answers: {
      200: {
        description: 'it is kept, was before, or does not concern us',
        schema: z.object({ outcome: z.enum(['accepted', 'duplicate', 'ignored']), reason: z.string().optional() }),
      },
    },
    problems: ['invalid_signature', 'invalid_json', 'body_too_large', 'rate_limited'],
  },
];
