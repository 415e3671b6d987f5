// Steps in n8n's engine, through the real router to the HighLevel sandbox.
import type { IDataObject } from 'n8n-workflow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../local/testing/test-redis.ts';
import { otterbrookSettings, sheetRow } from '../../edge-router/src/onboarding/testing/otterbrook.ts';
import { createTestHighlevel, type TestHighlevel } from '../../edge-router/src/testing/test-highlevel.ts';
import { runNode } from './testing/engine.mts';
import { serveApp } from './testing/servers.mts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let served: { baseUrl: string; stop: () => Promise<void> };

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({
    database,
    redis: redis.redis,
    onboardingTimeScale: 1000,
    sandbox: { settings: { timeScale: 1000, app: { installDelayMs: 0 } } },
  });
  served = await serveApp(test.router);
  const settings = otterbrookSettings(test.sandbox);
  expect((await test.router.send('PUT', '/v1/onboarding/settings', { body: settings })).status).toBe(200);
});

afterAll(async () => {
  await served.stop();
  await test.router.settle();
  await test.stop();
  await redis.stop();
  await database.drop();
});

const run = (type: string, items: readonly IDataObject[], parameters: IDataObject = {}) =>
  runNode({
    type,
    items,
    parameters,
    credentials: { baseUrl: served.baseUrl, apiKey: test.router.apiKey },
    onError: 'continueErrorOutput',
  });

it('answers a step that comes too early on the error output, with the step that is missing', async () => {
  const validated = await run('validateLocations', [sheetRow() as IDataObject], { batch: 'spring' });
  const record = await run('createLocationRecord', validated.outputs[0]?.map(({ json }) => json) ?? []);
  const early = await run('activateLocation', record.outputs[0]?.map(({ json }) => json) ?? []);
  expect(early.outputs[0]).toEqual([]);
  expect(early.outputs[1]).toMatchObject([
    { json: { rowKey: expect.any(String), details: { code: 'step_blocked', step: 'activate', retryable: false } } },
  ]);
});

it('rolls back what a run did, once it is confirmed', async () => {
  const validated = await run('validateLocations', [sheetRow() as IDataObject], { batch: 'spring' });
  const record = await run('createLocationRecord', validated.outputs[0]?.map(({ json }) => json) ?? []);
  const items = record.outputs[0]?.map(({ json }) => json) ?? [];
  const rolled = await run('rollBackLocation', items, { confirm: true });
  expect(rolled.outputs[0]).toMatchObject([{ json: { status: 'rolled_back', runId: items[0]?.['runId'] } }]);
});
