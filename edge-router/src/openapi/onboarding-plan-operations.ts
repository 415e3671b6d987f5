import * as z from 'zod';
import { mappingRowSchema } from '../../../db/queries/mapping-row.ts';
import { geocodeBodySchema, geocodedSchema } from '../onboarding/geocode-addresses.ts';
import { mappingBodySchema, mappingsQuerySchema } from '../onboarding/mapping-routes.ts';
import { planBodySchema, planOptionsSchema } from '../onboarding/plan-request.ts';
import { planRowsQuerySchema } from '../onboarding/plan-routes.ts';
import { shownPlanRowSchema } from '../onboarding/shown-plan-row.ts';
import { shownPlanSchema } from '../onboarding/shown-plan.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Onboarding';
const parameters = { id: 'the plan’s id' };
const mappingParameters = { name: 'the mapping’s name' };

const exampleRow = {
  'Location Name': 'Otterbrook Plumbing Tampa',
  'Franchise Code': 'OBP-101',
  Address: '12 Harbor Street',
  City: 'Tampa',
  State: 'FL',
  'Zip Code': '33602',
  Phone: '(813) 555-0101',
};
const exampleCsv =
  'Location Name,Franchise Code,Address,City,State,Zip Code,Phone\n' +
  'Otterbrook Plumbing Tampa,OBP-101,12 Harbor Street,Tampa,FL,33602,(813) 555-0101\n';
const exampleMapping = {
  columns: { store_id: 'Franchise Code', store_name: 'Location Name', street: 'Address' },
  emailRule: '{franchiseCode}@otterbrook.example.com',
};

export const onboardingPlanOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/onboarding/plan',
    tag,
    summary: 'Plan what bringing on a file of locations would do',
    description:
      'Checks every cell, compares with what exists, and writes nothing but the plan, which is kept for 7 days. A CSV in any ' +
      'encoding as the body, or as `file` of a form with the options as fields; or rows as JSON. Addresses are geocoded meanwhile.',
    scope: 'onboarding:write',
    query: planOptionsSchema,
    body: {
      schema: planBodySchema,
      example: { rows: [exampleRow], onInvalid: 'skip' },
      csv: exampleCsv,
      formFields: planOptionsSchema,
    },
    answers: { 201: { description: 'the plan', schema: shownPlanSchema } },
  },
  {
    method: 'get',
    path: '/v1/onboarding/plans/:id',
    tag,
    summary: 'Look up a plan',
    scope: 'onboarding:read',
    parameters,
    answers: { 200: { description: 'the plan, and how far its geocoding is', schema: shownPlanSchema } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/plans/:id/rows',
    tag,
    summary: 'List the rows of a plan',
    scope: 'onboarding:read',
    parameters,
    query: planRowsQuerySchema,
    answers: { 200: { description: 'a page, in the file’s order', schema: pageOf(shownPlanRowSchema) } },
    problems: ['not_found', 'invalid_input'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/plans/:id/errors.csv',
    tag,
    summary: 'Get the invalid rows back as a CSV, ready to be put right and sent again',
    description: 'In the standard headings, with a column `errors`, which is not read again.',
    scope: 'onboarding:read',
    parameters,
    answers: { 200: { description: 'text/csv in UTF-8; no cell is a formula' } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/onboarding/geocode',
    tag,
    summary: 'Place addresses, or take up a plan’s geocoding again',
    description:
      'By the US Census Bureau’s geocoder, else by postal code, city, state. Up to 1,000 addresses are answered at once.',
    scope: 'onboarding:write',
    body: {
      schema: geocodeBodySchema,
      example: {
        addresses: [{ id: '1', address: '100 Harbor Street', city: 'Birmingham', state: 'AL', postalCode: '35233' }],
      },
    },
    answers: {
      200: {
        description: 'each address, in order',
        schema: z.object({ items: z.array(geocodedSchema), censusAvailable: z.boolean() }),
      },
      202: {
        description: 'how many rows of the plan still wait',
        schema: z.object({ planId: z.string(), waiting: z.int() }),
      },
    },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/onboarding/mappings',
    tag,
    summary: 'List saved mappings, by name',
    scope: 'onboarding:read',
    query: mappingsQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(mappingRowSchema) } },
  },
  {
    method: 'get',
    path: '/v1/onboarding/mappings/:name',
    tag,
    summary: 'Look up a saved mapping',
    scope: 'onboarding:read',
    parameters: mappingParameters,
    answers: { 200: { description: 'the mapping', schema: mappingRowSchema } },
    problems: ['not_found'],
  },
  {
    method: 'put',
    path: '/v1/onboarding/mappings/:name',
    tag,
    summary: 'Save how a brand’s own headings are read',
    description: 'Creates the mapping of this name, or replaces it.',
    scope: 'onboarding:write',
    parameters: mappingParameters,
    body: { schema: mappingBodySchema, example: exampleMapping },
    answers: { 200: { description: 'the mapping', schema: mappingRowSchema } },
  },
  {
    method: 'delete',
    path: '/v1/onboarding/mappings/:name',
    tag,
    summary: 'Delete a saved mapping',
    scope: 'onboarding:write',
    parameters: mappingParameters,
    answers: { 204: { description: 'it is gone' } },
    problems: ['not_found'],
  },
];
