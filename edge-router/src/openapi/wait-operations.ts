import { waitBodySchema, waitCreatedSchema } from '../onboarding/wait-routes.ts';
import type { Operation } from './operation.ts';

export const waitOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/onboarding/waits',
    tag: 'Onboarding',
    summary: 'Be called back when steps are over',
    description:
      'The router goes on asking for the steps that wait. When all are over, or the time is, it posts `{ waitId, results: [{ item, answer, problem }] }` to `resumeUrl`, in the order of the items.',
    scope: 'onboarding:write',
    body: {
      schema: waitBodySchema,
      example: {
        step: 'apply-snapshot',
        resumeUrl: 'https://n8n.example.com/webhook-waiting/42?signature=abc',
        timeoutSeconds: 1800,
        items: [{ runId: '00000000-0000-7000-8000-000000000000', status: 'waiting' }],
      },
    },
    answers: { 201: { description: 'it will call', schema: waitCreatedSchema } },
  },
];
