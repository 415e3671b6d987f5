import * as z from 'zod';
import { leadSettingsSchema } from '../rules/lead-settings.ts';
import type { Operation } from './operation.ts';

const tag = 'Settings';
const settingsSchema = z.object({
  version: z.number().describe('0: the brand has said nothing yet'),
  document: leadSettingsSchema,
});
const answers = { 200: { description: 'the settings', schema: settingsSchema } };

export const settingsOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/settings/leads',
    tag,
    summary: 'What the brand has decided about leads that were assigned',
    scope: 'rules:read',
    answers,
  },
  {
    method: 'put',
    path: '/v1/settings/leads',
    tag,
    summary: 'Replace them',
    description: 'Whatever is left out has its default.',
    scope: 'rules:write',
    body: { schema: leadSettingsSchema, example: { sla: { minutes: 15, maxReroutes: 2 } } },
    answers,
  },
];
