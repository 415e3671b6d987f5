import * as z from 'zod';
import { publishSchema, versionListQuerySchema } from '../http/versions.ts';
import { rulesDocumentSchema } from '../leads/rules/routing-rules.ts';
import { rulesRowSchema } from '../../../db/queries/rules-row.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Rules';
const parameters = { version: 'the version’s number' };
const exampleRules = {
  radiusMiles: 50,
  territory: { whenOwnerUnavailable: 'overflow' },
  overflow: { mode: 'nearest', radiusMiles: 150 },
  stickyDays: 90,
  dedupeWindowMinutes: 60,
};
const rulesSchema = rulesRowSchema.extend({ document: rulesDocumentSchema, inEffect: z.boolean() });

export const rulesOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/rules',
    tag,
    summary: 'List versions of the rules, newest first',
    scope: 'rules:read',
    query: versionListQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(rulesSchema.omit({ document: true })) } },
  },
  {
    method: 'post',
    path: '/v1/rules',
    tag,
    summary: 'Draft a version',
    scope: 'rules:write',
    body: { schema: rulesDocumentSchema, example: exampleRules },
    answers: { 201: { description: 'the draft', schema: rulesSchema } },
  },
  {
    method: 'get',
    path: '/v1/rules/:version',
    tag,
    summary: 'Look up a version',
    scope: 'rules:read',
    parameters,
    answers: { 200: { description: 'the version', schema: rulesSchema } },
    problems: ['not_found'],
  },
  {
    method: 'put',
    path: '/v1/rules/:version',
    tag,
    summary: 'Replace a draft',
    scope: 'rules:write',
    parameters,
    body: { schema: rulesDocumentSchema, example: exampleRules },
    answers: { 200: { description: 'the draft', schema: rulesSchema } },
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/rules/:version/publish',
    tag,
    summary: 'Publish a draft, now or at a time to come',
    description: 'A published version never changes. Every decision names the version it was made by.',
    scope: 'rules:write',
    parameters,
    body: { schema: publishSchema, example: { effectiveAt: '2027-01-01T06:00:00Z' } },
    answers: { 200: { description: 'the published version', schema: rulesSchema } },
    problems: ['not_found', 'conflict'],
  },
];
