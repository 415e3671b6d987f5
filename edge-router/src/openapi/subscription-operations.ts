import * as z from 'zod';
import { subscriptionRowSchema } from '../../../db/queries/subscription-row.ts';
import { subscriptionBodySchema, subscriptionListQuerySchema } from '../subscriptions/routes.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Subscriptions';
const parameters = { id: 'id of the subscription' };
const createdSchema = subscriptionRowSchema.extend({
  secret: z.string().describe('what events are signed with; shown here and never again'),
});

export const subscriptionOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/subscriptions',
    tag,
    summary: 'Subscribe to events',
    description:
      'Events are posted as Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`. They carry ids only, may come twice and in any order. The same target again is the same subscription.',
    scope: 'subscriptions:write',
    body: {
      schema: subscriptionBodySchema,
      example: { targetUrl: 'https://n8n.example.com/webhook/switchyard', topics: ['lead.assigned', 'lead.parked'] },
    },
    answers: {
      200: { description: 'the target had one: it has these topics now', schema: createdSchema },
      201: { description: 'the subscription', schema: createdSchema },
    },
    problems: ['conflict'],
  },
  {
    method: 'get',
    path: '/v1/subscriptions',
    tag,
    summary: 'List subscriptions',
    scope: 'subscriptions:read',
    query: subscriptionListQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(subscriptionRowSchema) } },
  },
  {
    method: 'get',
    path: '/v1/subscriptions/:id',
    tag,
    summary: 'Look up a subscription',
    scope: 'subscriptions:read',
    parameters,
    answers: { 200: { description: 'the subscription', schema: subscriptionRowSchema } },
    problems: ['not_found'],
  },
  {
    method: 'delete',
    path: '/v1/subscriptions/:id',
    tag,
    summary: 'End a subscription',
    scope: 'subscriptions:write',
    parameters,
    answers: { 200: { description: 'it is gone', schema: z.object({ deleted: z.literal(true) }) } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/subscriptions/:id/redeliver',
    tag,
    summary: 'Send again what the target did not take',
    scope: 'subscriptions:write',
    parameters,
    answers: {
      200: {
        description: 'how many were handed over for delivery, and how many are left for another call',
        schema: z.object({ redelivered: z.int(), left: z.int() }),
      },
    },
    problems: ['not_found'],
  },
];
