import * as z from 'zod';
import { eventRowSchema } from '../../../db/queries/event-row.ts';
import { eventListQuerySchema } from '../intake/event-routes.ts';
import { shownSourceSchema, sourceBodySchema, sourceWithSecretSchema } from '../intake/source-routes.ts';
import { eraseBodySchema, erasedSchema } from '../people/erase-routes.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const sourceTag = 'Sources';
const eventTag = 'Events';
const named = { name: 'the source’s name' };
const numbered = { id: 'id of the event' };
const taken = {
  202: {
    description: 'it is kept, or was before',
    schema: z.object({ outcome: z.enum(['accepted', 'duplicate']), eventId: z.string() }),
  },
};
const problems = [
  'invalid_signature',
  'invalid_json',
  'invalid_encoding',
  'body_too_large',
  'invalid_input',
  'unavailable',
] as const;

export const intakeOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/sources',
    tag: sourceTag,
    summary: 'List forms, ad platforms and workflows that send leads by webhook',
    scope: 'sources:read',
    answers: { 200: { description: 'all of them', schema: pageOf(shownSourceSchema) } },
  },
  {
    method: 'put',
    path: '/v1/sources/:name',
    tag: sourceTag,
    summary: 'Make a source, or change it',
    description: 'Answers its address and its secret.',
    scope: 'sources:write',
    parameters: named,
    body: {
      schema: sourceBodySchema,
      example: { kind: 'form', mapping: { postalCode: 'data.fields[name=zip].value' } },
    },
    answers: { 200: { description: 'the source', schema: sourceWithSecretSchema } },
    problems: ['conflict'],
  },
  {
    method: 'post',
    path: '/v1/sources/:name/rotate',
    tag: sourceTag,
    summary: 'Give a source another secret',
    description: 'The one before is taken too, until the next change.',
    scope: 'sources:write',
    parameters: named,
    answers: { 200: { description: 'the source with its new secret', schema: sourceWithSecretSchema } },
    problems: ['not_found'],
  },
  {
    method: 'delete',
    path: '/v1/sources/:name',
    tag: sourceTag,
    summary: 'Delete a source',
    scope: 'sources:write',
    parameters: named,
    answers: { 204: { description: 'it is gone' } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/webhooks/forms/:source',
    tag: sourceTag,
    summary: 'Take a lead of a form or an ad platform',
    description:
      'JSON or a form’s fields. Known by `X-Switchyard-Secret`, a bearer token, or `X-Switchyard-Signature: sha256=…`, HMAC-SHA-256 over the raw ' +
      'body under the source’s secret. What is no lead is kept too, and can be replayed.',
    scope: null,
    parameters: { source: 'the source’s name' },
    answers: taken,
    problems,
  },
  {
    method: 'post',
    path: '/v1/webhooks/highlevel/workflow/:source',
    tag: sourceTag,
    summary: 'Take a lead of a workflow in HighLevel',
    description:
      'For HighLevel’s actions Webhook and Custom Webhook, which sign nothing: known by `X-Switchyard-Secret`. The same words of the same contact are ' +
      'one lead for 24 hours. Every location has an address of its own, under its id.',
    scope: null,
    parameters: { source: 'the source’s name, or a location’s id' },
    answers: taken,
    problems,
  },
  {
    method: 'get',
    path: '/v1/events',
    tag: eventTag,
    summary: 'List what came by webhook, the newest first',
    scope: 'events:read',
    query: eventListQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(eventRowSchema) } },
  },
  {
    method: 'get',
    path: '/v1/events/:id',
    tag: eventTag,
    summary: 'What became of an event',
    scope: 'events:read',
    parameters: numbered,
    answers: { 200: { description: 'the event', schema: eventRowSchema } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/events/:id/replay',
    tag: eventTag,
    summary: 'Handle an event again',
    description:
      'An event is one lead, however often it is handled; one that was rejected is read by the mapping of now.',
    scope: 'events:write',
    parameters: numbered,
    answers: { 200: { description: 'the event as it is now', schema: eventRowSchema } },
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/people/erase',
    tag: 'People',
    summary: 'Forget a person',
    description:
      'Leads stay as numbers: when, from where, who got them and why. Names, ways to reach the person, where they live and whatever came along are gone, ' +
      'from events too. Asked again it erases what came since.',
    scope: 'people:erase',
    body: { schema: eraseBodySchema, example: { email: 'ann@example.com' } },
    answers: { 200: { description: 'what was erased', schema: erasedSchema } },
  },
];
