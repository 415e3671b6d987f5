// What becomes of an execution that slept, when the router wakes it.
import n8nCore from 'n8n-core';
import type { IWebhookData, IWebhookResponseData } from 'n8n-workflow';
import { expect, it } from 'vitest';
import { createAdditionalData, createWorkflow, type NodeRun } from './testing/engine.mts';
import { loadNodes, PACKAGE } from './testing/node-types.mts';

const { WebhookContext } = n8nCore;

const answer = {
  runId: 'r2',
  batch: 'spring',
  rowKey: 'a-2',
  step: 'apply-snapshot',
  status: 'succeeded',
  replayed: false,
};
const problem = {
  code: 'step_failed',
  status: 422,
  title: 'The step failed',
  detail: '2 assets are missing',
  retryable: false,
};
const body = {
  waitId: 'w-1',
  results: [
    { item: { runId: 'r1', status: 'succeeded' }, answer: null, problem: null },
    { item: { runId: 'r2', status: 'waiting' }, answer, problem: null },
    { item: { runId: 'r3', status: 'waiting' }, answer: null, problem },
  ],
};

async function wake(onError?: NodeRun['onError']): Promise<IWebhookResponseData> {
  const credentials = { baseUrl: 'http://127.0.0.1:9/', apiKey: 'swy_test' };
  const run: NodeRun = { type: 'applySnapshot', credentials, onError };
  const { workflow, tested } = await createWorkflow(run);
  const additionalData = { ...createAdditionalData(run), httpRequest: { headers: {}, body }, httpResponse: {} };
  const context = new WebhookContext(
    workflow,
    tested,
    additionalData as never,
    'trigger',
    {} as IWebhookData,
    [],
    null,
  );
  const node = (await loadNodes())[`${PACKAGE}.applySnapshot`];
  return (await node?.webhook?.call(context)) as IWebhookResponseData;
}

it('goes on with every item in its place, done or failed', async () => {
  const { workflowData } = await wake();
  expect(
    workflowData?.[0]?.map(({ json, pairedItem }) => [json['runId'], json['status'], json['error'], pairedItem]),
  ).toEqual([
    ['r1', 'succeeded', undefined, { item: 0 }],
    ['r2', 'succeeded', undefined, { item: 1 }],
    ['r3', 'waiting', '2 assets are missing', { item: 2 }],
  ]);
  expect(workflowData?.[0]?.[1]?.json).toMatchObject({
    rowKey: 'a-2',
    runUrl: 'http://127.0.0.1:9/v1/onboarding/runs/r2',
  });
});

it('sends those that failed to the error output, each with its row', async () => {
  const { workflowData } = await wake('continueErrorOutput');
  expect(workflowData?.map((items) => items.map(({ json }) => json['runId']))).toEqual([['r1', 'r2'], ['r3']]);
  expect(workflowData?.[1]?.[0]?.json).toMatchObject({ details: { code: 'step_failed', retryable: false } });
});
