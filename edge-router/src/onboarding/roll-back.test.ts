import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { stepNames } from './rules/steps.ts';
import { otterbrookSettings, sheetRow } from './testing/otterbrook.ts';
import { receiveWebhooks } from './testing/receive-webhooks.ts';
import { createRunClient, type Answered, type RunClient } from './testing/run-client.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let client: RunClient;
let stopReceiving: () => Promise<void>;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis, onboardingTimeScale: 1000 });
  stopReceiving = await receiveWebhooks(test);
  client = createRunClient(test.router);
  await client.put('/v1/onboarding/settings', otterbrookSettings(test.sandbox));
});

afterAll(async () => {
  await stopReceiving();
  await test.stop();
  await redis.stop();
  await database.drop();
});

async function complete(row = sheetRow()): Promise<Answered['json']> {
  const { runId } = (await client.open({ batch: 'roll back', row })).json;
  for (const step of stepNames) expect(await client.finishStep(runId, step)).toMatchObject({ status: 200 });
  return (await client.show(runId)).json;
}

async function isThere(ghlLocationId: string): Promise<boolean> {
  const { locations } = await test.sandbox.admin('GET', 'export');
  return locations.some(({ id }: { id: string }) => id === ghlLocationId);
}

describe('a sub-account that somebody gave the location after the run had made one', () => {
  it('stays as it is when the run is rolled back', async () => {
    const run = await complete();
    const own = await test.sandbox.createLocation();
    const token = await test.sandbox.locationToken(own);
    const values = `/locations/${own}/customValues`;
    const body = { name: 'Location Phone', value: '+12055550199' };
    await test.sandbox.call('POST', values, { token, body });
    await client.patch(`/v1/locations/${run.locationId}`, { ghlLocationId: own });
    expect(await client.rollBack(run.runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    expect(await isThere(own)).toBe(true);
    const { customValues } = (await test.sandbox.call('GET', values, { token })).json;
    expect(customValues).toMatchObject([body]);
  });

  it('may be none: the run is rolled back all the same', async () => {
    const existing = await test.sandbox.createLocation();
    const run = await complete(sheetRow({ 'Sub-account Id': existing }));
    await client.patch(`/v1/locations/${run.locationId}`, { ghlLocationId: null });
    expect(await client.rollBack(run.runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    expect(await isThere(existing)).toBe(true);
  });

  it('gets the snapshot of its own', async () => {
    const run = await complete();
    const own = await test.sandbox.createLocation();
    await client.patch(`/v1/locations/${run.locationId}`, { ghlLocationId: own });
    await client.finishStep(run.runId, 'create-sub-account', '?again=true');
    expect(await client.finishStep(run.runId, 'apply-snapshot', '?again=true')).toMatchObject({ status: 200 });
  });
});

describe('a manager', () => {
  it('goes with the run that made one, although the row names another since', async () => {
    const existing = await test.sandbox.createLocation();
    const row = sheetRow({ 'Sub-account Id': existing, 'Manager Email': 'first.manager@example.com' });
    const run = await complete(row);
    const later = { ...row, 'Manager Email': 'second.manager@example.com' };
    expect(await client.correct(run.runId, later)).toMatchObject({ status: 200 });
    await client.finishStep(run.runId, 'set-up-integrations');
    await client.rollBack(run.runId);
    const { users } = await test.sandbox.admin('GET', 'export');
    const left = users.filter(({ locationIds }: Answered['json']) => locationIds.includes(existing));
    expect(left).toEqual([]);
  });
});

describe('a run that was rolled back but for what a person has to do', () => {
  it('keeps the task when it is opened and rolled back once more', async () => {
    const row = sheetRow();
    const run = await complete(row);
    const token = await test.sandbox.locationToken(run.ghlLocationId);
    const body = { locationId: run.ghlLocationId, firstName: 'Ada', email: 'ada@example.com' };
    await test.sandbox.call('POST', '/contacts/upsert', { token, body });
    await client.rollBack(run.runId);
    expect(await client.open({ batch: 'roll back', row })).toMatchObject({ json: { runId: run.runId } });
    const rolled = await client.rollBack(run.runId);
    expect(rolled.json).toMatchObject({
      status: 'rolled_back_with_tasks',
      run: { tasks: [{ kind: 'sub-account-in-use', status: 'open' }] },
    });
  });
});

describe('a sub-account in which nobody can look for contacts', () => {
  it('is not deleted once it was brought on', async () => {
    const run = await complete();
    const token = await test.sandbox.locationToken(run.ghlLocationId);
    const body = { locationId: run.ghlLocationId, firstName: 'Ada', email: 'ada@example.com' };
    await test.sandbox.call('POST', '/contacts/upsert', { token, body });
    const fault = { route: 'POST /contacts/search', kind: 'status', status: 403, count: 1 };
    await test.sandbox.admin('POST', 'faults', fault);
    const rolled = await client.rollBack(run.runId);
    expect(await isThere(run.ghlLocationId)).toBe(true);
    expect(rolled.json).toMatchObject({ status: 'rolled_back_with_tasks' });
  });
});
