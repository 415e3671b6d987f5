import * as z from 'zod';
import { eventSchema } from '../../../db/queries/list-onboarding-events.ts';
import { listedTaskSchema } from '../../../db/queries/list-onboarding-tasks.ts';
import { onboardingTaskRowSchema } from '../../../db/queries/onboarding-run-row.ts';
import { storedSettingsSchema } from '../../../db/queries/read-stored-settings.ts';
import { onboardingSettingsSchema } from '../onboarding/rules/onboarding-settings.ts';
import { stepNames } from '../onboarding/rules/steps.ts';
import { correctRowSchema, eventsQuerySchema, openRunSchema, stepQuerySchema } from '../onboarding/run-routes.ts';
import { shownRunSchema } from '../onboarding/show-run.ts';
import { stepAnswerSchema } from '../onboarding/step-answer.ts';
import { taskPatchSchema, tasksQuerySchema } from '../onboarding/task-routes.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';
import { inputErrorSchema } from './problem-answers.ts';

const tag = 'Onboarding runs';
const parameters = { runId: 'the run’s id' };
const comeBack = 'not done yet: ask again after Retry-After';
const exampleRow = {
  'Location Name': 'Otterbrook Plumbing Birmingham',
  Address: '100 Harbor Street',
  City: 'Birmingham',
  State: 'AL',
  'Zip Code': '35233',
  Phone: '(205) 555-0100',
  'Franchise Code': 'OBP-001',
  'Manager Name': 'Avery Okonkwo',
  'Manager Email': 'avery.okonkwo@example.com',
};
const runWithWarnings = shownRunSchema.extend({
  warnings: z.array(inputErrorSchema).describe('what was repaired, filled or guessed'),
});
const settingsSchema = storedSettingsSchema.extend({ document: onboardingSettingsSchema });

const runOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/onboarding/runs',
    tag,
    summary: 'Open a run for a location, or find the one it has',
    description: `A run brings one location on, step by step: ${stepNames.join(', ')}. The same batch and row is the same run; \
with another row it is a conflict, as is another open run of the location. A run that was rolled back begins anew.`,
    scope: 'onboarding:write',
    body: { schema: openRunSchema, example: { batch: 'spring', row: exampleRow } },
    answers: {
      201: { description: 'the new run', schema: runWithWarnings },
      200: { description: 'the run that batch and row have', schema: runWithWarnings },
    },
    problems: ['run_conflict'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/runs/:runId',
    tag,
    summary: 'Look up a run: every step, its attempts, times, output, error, and the tasks for people',
    scope: 'onboarding:read',
    parameters,
    answers: { 200: { description: 'the run', schema: shownRunSchema } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/runs/:runId/events',
    tag,
    summary: 'What happened in a run, oldest first',
    scope: 'onboarding:read',
    parameters,
    query: eventsQuerySchema,
    answers: { 200: { description: 'events', schema: z.object({ items: z.array(eventSchema) }) } },
    problems: ['not_found'],
  },
  {
    method: 'put',
    path: '/v1/onboarding/runs/:runId/row',
    tag,
    summary: 'Correct a run’s row',
    description:
      'The steps that use what was changed are to be done again; they compare and update, and create nothing.',
    scope: 'onboarding:write',
    parameters,
    body: { schema: correctRowSchema, example: { row: exampleRow } },
    answers: { 200: { description: 'the run', schema: runWithWarnings } },
    problems: ['not_found', 'run_conflict', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/runs/:runId/steps/:step',
    tag,
    summary: 'Do a step, or go on with it',
    description:
      'Safe at any time and any number of times: a step that succeeded on the same fields is answered `replayed`. A step that ' +
      'failed says why (`reason`), what to do (`action`), and whether asking again may help (`retryable`).',
    scope: 'onboarding:write',
    parameters: { ...parameters, step: stepNames.join(', ') },
    query: stepQuerySchema,
    answers: {
      200: { description: 'done, now or before', schema: stepAnswerSchema },
      202: { description: comeBack, schema: stepAnswerSchema },
    },
    problems: ['not_found', 'conflict', 'run_conflict', 'step_blocked', 'step_failed', 'step_interrupted'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/runs/:runId/roll-back',
    tag,
    summary: 'Undo what a run did, as far as it can be undone',
    description:
      'Last step first. A sub-account that our token may not delete is renamed ZZ-FAILED and becomes a task; the run is then ' +
      '`rolled_back_with_tasks`.',
    scope: 'onboarding:write',
    parameters,
    answers: {
      200: { description: 'rolled back, now or before', schema: rollBackSchema() },
      202: { description: comeBack, schema: rollBackSchema() },
    },
    problems: ['not_found', 'conflict', 'run_conflict', 'step_failed', 'step_interrupted'],
  },
];

function rollBackSchema() {
  return z.object({
    status: z.enum(['rolling_back', 'rolled_back', 'rolled_back_with_tasks']),
    replayed: z.boolean(),
    detail: z.string().nullable(),
    retryAfterSeconds: z.number().nullable(),
    run: shownRunSchema,
  });
}

const exampleSettings = {
  brandName: 'Otterbrook Plumbing',
  markerEmail: { mailbox: 'ops', domain: 'otterbrook.example.com' },
  snapshotId: 'the snapshot’s id',
  templateLocationId: 'the id of the sub-account it was made from',
  customValues: { location_phone: '{phone}', lead_webhook_url: '{leadWebhookUrl}' },
  calendar: { name: 'Estimate Visit' },
  pipelineName: 'New Leads',
  welcomeWorkflowName: 'New Lead Welcome',
  personTasks: [
    {
      kind: 'connect-payments',
      title: 'Connect Stripe',
      reason: 'HighLevel has no call that connects it',
      link: 'https://app.gohighlevel.com/v2/location/{ghlLocationId}/payments/integrations',
    },
  ],
  activateWithOpenTasks: true,
};

export const onboardingRunOperations: readonly Operation[] = [
  ...runOperations,
  {
    method: 'get',
    path: '/v1/onboarding/settings',
    tag,
    summary: 'What the brand decided once for all its locations',
    scope: 'onboarding:read',
    answers: { 200: { description: 'the settings', schema: settingsSchema } },
    problems: ['not_found'],
  },
  {
    method: 'put',
    path: '/v1/onboarding/settings',
    tag,
    summary: 'Replace the brand’s settings',
    description: 'Steps that use what was changed are done again when they are next asked for.',
    scope: 'onboarding:write',
    body: { schema: onboardingSettingsSchema, example: exampleSettings },
    answers: { 200: { description: 'the settings', schema: settingsSchema } },
  },
  {
    method: 'get',
    path: '/v1/onboarding/tasks',
    tag,
    summary: 'List what only people can do, oldest first',
    scope: 'onboarding:read',
    query: tasksQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(listedTaskSchema) } },
  },
  {
    method: 'patch',
    path: '/v1/onboarding/tasks/:taskId',
    tag,
    summary: 'Say that a task is done, or is not after all',
    scope: 'onboarding:write',
    parameters: { taskId: 'the task’s id' },
    body: { schema: taskPatchSchema, example: { status: 'done', note: 'connected by the owner' } },
    answers: { 200: { description: 'the task', schema: onboardingTaskRowSchema } },
    problems: ['not_found'],
  },
];
