import { listedBatchRowSchema } from '../../../db/queries/list-onboarding-batch-rows.ts';
import {
  batchesQuerySchema,
  batchRowsQuerySchema,
  createBatchSchema,
  retrySchema,
  rollBackBatchSchema,
} from '../onboarding/batch-routes.ts';
import { shownBatchSchema } from '../onboarding/shown-batch.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Onboarding batches';
const parameters = { id: 'the batch’s id' };
const changed = { 200: { description: 'the batch as it is now', schema: shownBatchSchema } };

export const onboardingBatchOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/onboarding/batches',
    tag,
    summary: 'Bring on all rows of a plan',
    description:
      'Those that the plan says are to be created or updated. The same plan again is the same batch. A run that an earlier batch ' +
      'left unfinished is gone on with, with the row of this plan. Points are as the plan has them now: wait until its geocoding is ' +
      'done for those of addresses. Refused while the app is not installed in future sub-accounts by itself.',
    scope: 'onboarding:write',
    body: { schema: createBatchSchema, example: { planId: '019a0000-0000-7000-8000-000000000000', name: 'spring' } },
    answers: {
      201: { description: 'the new batch', schema: shownBatchSchema },
      200: { description: 'the batch that the plan has', schema: shownBatchSchema },
    },
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/batches',
    tag,
    summary: 'List batches, the newest first',
    scope: 'onboarding:read',
    query: batchesQuerySchema,
    answers: { 200: { description: 'batches', schema: pageOf(shownBatchSchema) } },
  },
  {
    method: 'get',
    path: '/v1/onboarding/batches/:id',
    tag,
    summary: 'How far a batch is',
    scope: 'onboarding:read',
    parameters,
    answers: { 200: { description: 'the batch', schema: shownBatchSchema } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/batches/:id/rows',
    tag,
    summary: 'The rows of a batch, and what became of each',
    scope: 'onboarding:read',
    parameters,
    query: batchRowsQuerySchema,
    answers: { 200: { description: 'rows in the file’s order', schema: pageOf(listedBatchRowSchema) } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/batches/:id/errors.csv',
    tag,
    summary: 'The rows that failed, as a CSV to be put right and planned again',
    description: 'In the standard columns, with what failed in the last one. Every cell is inert in a spreadsheet.',
    scope: 'onboarding:read',
    parameters,
    answers: { 200: { description: 'text/csv' } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/batches/:id/events',
    tag,
    summary: 'A batch’s progress as server-sent events',
    description:
      '`progress` (the batch, whenever it changed), `step` (what happened to a row), `milestone` (each quarter), and one `summary` ' +
      'at the end. Read at most every 2 s. A stream ends after 5 minutes; with `Last-Event-ID` the next one goes on there.',
    scope: 'onboarding:read',
    parameters,
    headers: { 'last-event-id': 'the last id that you have; without it, from now on' },
    answers: { 200: { description: 'text/event-stream' } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/batches/:id/pause',
    tag,
    summary: 'Stop after the steps that are under way',
    scope: 'onboarding:write',
    parameters,
    answers: changed,
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/batches/:id/resume',
    tag,
    summary: 'Go on with a batch that was paused',
    scope: 'onboarding:write',
    parameters,
    answers: changed,
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/batches/:id/cancel',
    tag,
    summary: 'Stop for good after the steps that are under way',
    description: 'What was done stays as it is: retry goes on with it, roll-back takes it back.',
    scope: 'onboarding:write',
    parameters,
    answers: changed,
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/batches/:id/retry',
    tag,
    summary: 'Go on with rows that failed or were cancelled',
    scope: 'onboarding:write',
    parameters,
    body: { schema: retrySchema, example: {} },
    answers: changed,
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/batches/:id/roll-back',
    tag,
    summary: 'Undo what a batch did, as far as it can be undone',
    description: 'Each row’s run is rolled back, last step first; rows that never began are cancelled.',
    scope: 'onboarding:write',
    parameters,
    body: { schema: rollBackBatchSchema, example: { rows: 'unfinished' } },
    answers: changed,
    problems: ['not_found', 'conflict'],
  },
];
