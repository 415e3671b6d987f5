import * as z from 'zod';
import { deliveryRowSchema } from '../../../db/queries/delivery-row.ts';
import { deliveryListQuerySchema, redriveBodySchema } from '../deliveries/routes.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Deliveries';
const parameters = { id: 'id of the delivery' };

export const deliveryOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/deliveries',
    tag,
    summary: 'List deliveries, the newest first',
    scope: 'leads:read',
    query: deliveryListQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(deliveryRowSchema) } },
  },
  {
    method: 'post',
    path: '/v1/deliveries/redrive',
    tag,
    summary: 'Try deliveries that were given up again',
    description: 'The oldest first; those of other states are left alone. Each goes on where it stopped.',
    scope: 'leads:write',
    body: { schema: redriveBodySchema, example: { limit: 100 } },
    answers: { 202: { description: 'how many were begun again', schema: z.object({ redriven: z.number() }) } },
  },
  {
    method: 'get',
    path: '/v1/deliveries/:id',
    tag,
    summary: 'How a lead came into its sub-account',
    scope: 'leads:read',
    parameters,
    answers: { 200: { description: 'the delivery', schema: deliveryRowSchema } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/deliveries/:id/redrive',
    tag,
    summary: 'Try one that was given up again',
    scope: 'leads:write',
    parameters,
    answers: { 202: { description: 'the delivery as it is now', schema: deliveryRowSchema } },
    problems: ['not_found', 'conflict'],
  },
];
