import * as z from 'zod';
import { batchInputSchema } from '../leads/batch-answer.ts';
import { leadInputSchema } from '../leads/intake.ts';
import { leadListQuerySchema } from '../leads/list-query.ts';
import { previewQuerySchema } from '../leads/preview-lead.ts';
import {
  batchAnswerSchema,
  previewedLeadSchema,
  reassignedLeadSchema,
  acceptedLeadSchema,
  routedLeadSchema,
  storedLeadSchema,
} from './lead-answers.ts';
import { leadStatusAnswerSchema, leadStatusSchema } from '../follow-up/status-routes.ts';
import { declineInputSchema } from '../leads/reassign-routes.ts';
import type { Operation } from './operation.ts';
import { reassignInputSchema } from '../leads/reassign-lead.ts';
import { pageOf } from './page-of.ts';

const tag = 'Leads';
const leadId = { id: 'the lead’s id, as its answer gave it' };

const exampleLead = {
  source: 'web-form',
  externalId: 'form-1024',
  firstName: 'Dana',
  lastName: 'Whitfield',
  email: 'dana@example.com',
  phone: '(205) 555-0142',
  postalCode: '35203',
  service: 'drain-cleaning',
};

const leadSummarySchema = z.object({
  leadId: z.string(),
  createdAt: z.string(),
  source: z.string(),
  externalId: z.string().nullable(),
  status: z.enum(['assigned', 'parked', 'duplicate']),
  stage: z.enum(['delivered', 'contacted', 'won', 'lost']).nullable(),
  locationId: z.string().nullable(),
  matchLevel: z.string().nullable(),
  parkedReason: z.string().nullable(),
  postalCode: z.string().nullable(),
  person: z.object({ firstName: z.string().nullable(), lastName: z.string().nullable() }),
});

export const leadOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/leads',
    tag,
    summary: 'Send a lead',
    description:
      'Stored and decided before the answer. A cell that cannot be used (an e-mail, a postal code) does not refuse the ' +
      'lead: it is noted in the decision. The same `source` and `externalId` again give the first answer again.',
    scope: 'leads:write',
    headers: {
      'Idempotency-Key': 'known for 24 hours: the same lead again gives the first answer, another a conflict',
    },
    body: { schema: leadInputSchema, example: exampleLead },
    answers: {
      201: { description: 'assigned, parked or linked as a duplicate', schema: routedLeadSchema },
      200: { description: 'seen before: the first answer, `replayed: true`', schema: routedLeadSchema },
      202: {
        description: 'kept while the database is away: it is routed under this id when that is back',
        schema: acceptedLeadSchema,
      },
    },
    problems: ['idempotency_conflict'],
  },
  {
    method: 'post',
    path: '/v1/leads/batch',
    tag,
    summary: 'Send up to 500 leads',
    description:
      'Each lead has an outcome of its own, in order: `status` is what it would have been answered with alone. The list ' +
      'may also be sent without the object around it.',
    scope: 'leads:write',
    headers: { 'Idempotency-Key': 'known for 24 hours; each place of the batch has its own' },
    body: { schema: batchInputSchema, example: { leads: [exampleLead] } },
    answers: { 200: { description: 'every lead’s outcome', schema: batchAnswerSchema } },
  },
  {
    method: 'post',
    path: '/v1/leads/preview',
    tag,
    summary: 'See where a lead would go',
    description:
      'Writes nothing and takes no seat. The person is not looked up, so `sticky` and `duplicate` are not foreseen.',
    scope: 'leads:read',
    body: { schema: leadInputSchema, example: exampleLead },
    query: previewQuerySchema,
    answers: { 200: { description: 'what would become of it', schema: previewedLeadSchema } },
  },
  {
    method: 'get',
    path: '/v1/leads',
    tag,
    summary: 'List leads',
    description:
      '`status=parked&order=oldest` is the parking lot. A page by `source`, `stage` or another `status` may hold fewer than `limit`, or none, while others follow: it looks through 20,000 leads and no more. There are no more where `nextCursor` is null.',
    scope: 'leads:read',
    query: leadListQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(leadSummarySchema) } },
  },
  {
    method: 'get',
    path: '/v1/leads/:id',
    tag,
    summary: 'Look up a lead, its decision and its time line',
    scope: 'leads:read',
    parameters: leadId,
    answers: { 200: { description: 'the lead', schema: storedLeadSchema } },
    problems: ['not_found', 'archived'],
  },
  {
    method: 'post',
    path: '/v1/leads/:id/reassign',
    tag,
    summary: 'Send a lead elsewhere, by the same rules',
    description:
      'Without whoever has it, had it, or is named in `exclude`; a parked lead is dispatched the same way. `location` asks ' +
      'one by name first. Where nobody can take it, it goes to the parking lot, or stays (`whenNobody`).',
    scope: 'leads:write',
    parameters: leadId,
    headers: { 'Idempotency-Key': 'the same wish again moves nothing' },
    body: { schema: reassignInputSchema, example: { reason: 'no answer for two days', exclude: ['OBP-007'] } },
    answers: { 200: { description: 'the lead as it is now', schema: reassignedLeadSchema } },
    problems: ['not_found', 'conflict', 'idempotency_conflict'],
  },
  {
    method: 'post',
    path: '/v1/leads/:id/decline',
    tag,
    summary: 'Give a lead back',
    description: 'It goes to the next by the same rules, without whoever had it, or to the parking lot.',
    scope: 'leads:write',
    parameters: leadId,
    headers: { 'Idempotency-Key': 'the same again moves nothing' },
    body: { schema: declineInputSchema, example: { reason: 'we do not do roofs' } },
    answers: { 200: { description: 'the lead as it is now', schema: reassignedLeadSchema } },
    problems: ['not_found', 'conflict', 'idempotency_conflict'],
  },
  {
    method: 'post',
    path: '/v1/leads/:id/status',
    tag,
    summary: 'Say how a lead went on',
    description:
      'Only forward: delivered, contacted, won or lost; the last two may correct each other. What happens in HighLevel is known by its webhooks.',
    scope: 'leads:write',
    parameters: leadId,
    headers: { 'Idempotency-Key': 'the same again changes nothing' },
    body: { schema: leadStatusSchema, example: { status: 'contacted' } },
    answers: { 200: { description: 'whether it changed anything', schema: leadStatusAnswerSchema } },
    problems: ['not_found', 'conflict'],
  },
];
