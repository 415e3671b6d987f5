import { driftRowSchema } from '../../../db/queries/list-drift-rows.ts';
import {
  driftBodySchema,
  driftReportsQuerySchema,
  driftRowsQuerySchema,
  repairBodySchema,
  shownDriftReportSchema,
} from '../onboarding/drift-routes.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Onboarding drift';
const parameters = { id: 'the report’s id' };
const underWay = { 202: { description: 'the report, which goes on', schema: shownDriftReportSchema } };

export const onboardingDriftOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/onboarding/drift',
    tag,
    summary: 'Look whether active locations are still as they should be',
    description:
      'What each step of a run looks at, and what the template has, held against the row of the location’s last run and the ' +
      'settings; nothing is changed. Each night the same begins by itself, for as many locations as a quarter of the day’s company ' +
      'budget allows, going on where the night before stopped. Subscribers hear `drift.found`.',
    scope: 'onboarding:write',
    body: { schema: driftBodySchema, example: {} },
    answers: underWay,
    problems: ['conflict'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/drift',
    tag,
    summary: 'List reports, the newest first',
    scope: 'onboarding:read',
    query: driftReportsQuerySchema,
    answers: { 200: { description: 'reports', schema: pageOf(shownDriftReportSchema) } },
  },
  {
    method: 'get',
    path: '/v1/onboarding/drift/:id',
    tag,
    summary: 'How far a report is, and how many locations drifted',
    scope: 'onboarding:read',
    parameters,
    answers: { 200: { description: 'the report', schema: shownDriftReportSchema } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/drift/:id/rows',
    tag,
    summary: 'The locations of a report, and what differs by name',
    scope: 'onboarding:read',
    parameters,
    query: driftRowsQuerySchema,
    answers: { 200: { description: 'locations', schema: pageOf(driftRowSchema) } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/drift/:id/repair',
    tag,
    summary: 'Put right what drifted',
    description:
      'The steps that it concerns run again, then the location is looked at once more: `repaired`, or `drifted` with what is left. ' +
      'What lacks of the snapshot is never pushed again: a person loads it.',
    scope: 'onboarding:write',
    parameters,
    body: { schema: repairBodySchema, example: {} },
    answers: underWay,
    problems: ['not_found', 'conflict'],
  },
];
