import * as z from 'zod';
import { territoryRowSchema } from '../../../db/queries/list-territory-rows.ts';
import { territoryVersionSchema } from '../../../db/queries/territory-version-row.ts';
import { rowsSchema } from '../http/table-body.ts';
import { publishSchema, versionListQuerySchema } from '../http/versions.ts';
import { checkQuerySchema, territoryCheckSchema } from '../locations/check-territory.ts';
import { territoryReportSchema } from '../locations/rules/territory-report.ts';
import { importQuerySchema, publishTerritoriesSchema, rowsQuerySchema } from '../locations/territory-routes.ts';
import { inputErrorSchema } from './problem-answers.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Territories';
const parameters = { version: 'the version’s number' };
const exampleRows = { rows: [{ 'Postal Code': '36606', 'Franchise Code': 'OBP-002', Exclusive: 'yes' }] };
const exampleCsv =
  'Postal Code,County,City,State,Franchise Code,Exclusive,First Day,Last Day\n' +
  '36606,,,,OBP-002,yes,,2026-12-31\n36600-36699,,,,OBP-002,no,,\n,Baldwin,,AL,OBP-002,no,,\n';
const versionSchema = territoryVersionSchema.extend({ inEffect: z.boolean(), report: territoryReportSchema });

export const territoryOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/territories/import',
    tag,
    summary: 'Import territories as a new version, with a report of overlaps and gaps',
    description:
      'The whole set at once: every row or none, and one answer names every bad cell. A draft, unless `publish=true`. Each row names one place: a Postal Code or a range of ZIPs, else a City or County with its State, else a State. The owner of the most specific place is asked first.',
    scope: 'territories:write',
    query: importQuerySchema,
    body: { schema: rowsSchema, example: exampleRows, csv: exampleCsv },
    answers: {
      201: {
        description: 'the version and its report',
        schema: versionSchema.extend({ warnings: z.array(inputErrorSchema) }),
      },
    },
    problems: ['conflict'],
  },
  {
    method: 'get',
    path: '/v1/territories/check',
    tag,
    summary: 'Who owns a postal code, now or at a time, and what will change',
    description: 'By which version and row, read from Postgres; and what published versions to come and drafts change.',
    scope: 'territories:read',
    query: checkQuerySchema,
    answers: { 200: { description: 'the owner', schema: territoryCheckSchema } },
  },
  {
    method: 'get',
    path: '/v1/territories',
    tag,
    summary: 'List versions of the territories, newest first',
    scope: 'territories:read',
    query: versionListQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(versionSchema.omit({ report: true })) } },
  },
  {
    method: 'get',
    path: '/v1/territories/:version',
    tag,
    summary: 'Look up a version with its report',
    scope: 'territories:read',
    parameters,
    answers: { 200: { description: 'the version', schema: versionSchema } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/territories/:version/rows',
    tag,
    summary: 'List the rows of a version, as its file had them',
    scope: 'territories:read',
    parameters,
    query: rowsQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(territoryRowSchema) } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/territories/:version/publish',
    tag,
    summary: 'Publish a version of the territories, now or at a time to come',
    description: 'A published version never changes. Every decision names the version it was made by.',
    scope: 'territories:write',
    parameters,
    body: { schema: publishTerritoriesSchema, example: {} },
    answers: { 200: { description: 'the published version', schema: versionSchema } },
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'post',
    path: '/v1/territories/:version/restore',
    tag,
    summary: 'Undo: publish the rows of an earlier version anew',
    scope: 'territories:write',
    parameters,
    body: { schema: publishSchema, example: {} },
    answers: { 201: { description: 'the version that restores it', schema: versionSchema } },
    problems: ['not_found', 'conflict'],
  },
  {
    method: 'delete',
    path: '/v1/territories/:version',
    tag,
    summary: 'Discard a draft of the territories',
    scope: 'territories:write',
    parameters,
    answers: { 204: { description: 'it is gone' } },
    problems: ['not_found', 'conflict'],
  },
];
