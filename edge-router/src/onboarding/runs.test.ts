import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../local/testing/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { stepNames, type StepName } from './rules/steps.ts';
import { findFlaws } from './testing/find-flaws.ts';
import { createMortalWorker, type Fault } from './testing/mortal-worker.ts';
import { otterbrookSettings, sheetRow } from './testing/otterbrook.ts';
import { endLeases } from './testing/pass-time.ts';
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

/** HighLevel's budgets that are shared by all locations, and what a new location may spend of it. */
const MAX_COMPANY_CALLS = 8;

async function openRun(row = sheetRow(), batch = 'runs'): Promise<string> {
  const opened = await client.open({ batch, row });
  expect(opened.status).toBe(201);
  return opened.json.runId;
}

async function finishAll(runId: string, upTo: StepName = 'activate'): Promise<Answered[]> {
  const answers: Answered[] = [];
  for (const step of stepNames.slice(0, stepNames.indexOf(upTo) + 1)) {
    const answered = await client.finishStep(runId, step);
    answers.push(answered);
    if (answered.status !== 200) break;
  }
  return answers;
}

/** Brings a location on, all the way. */
async function complete(row = sheetRow(), batch = 'runs'): Promise<Answered['json']> {
  const runId = await openRun(row, batch);
  const last = (await finishAll(runId)).at(-1);
  expect(last).toMatchObject({ status: 200, json: { step: 'activate' } });
  return (await client.show(runId)).json;
}

/** Calls so far, by budget. */
async function countCalls(): Promise<{ company: number; all: number }> {
  const { byBucket } = await test.sandbox.admin('GET', 'requests/summary');
  const counts = Object.entries(byBucket as Record<string, number>);
  const sum = (of: typeof counts): number => of.reduce((total, [, count]) => total + count, 0);
  return { company: sum(counts.filter(([name]) => name.startsWith('company:'))), all: sum(counts) };
}

async function exported(kind: string, ghlLocationId: string): Promise<Answered['json'][]> {
  const all = await test.sandbox.admin('GET', 'export');
  return all[kind].filter((item: { locationId?: string }) => item.locationId === ghlLocationId);
}

describe('a run', () => {
  it('brings a location on, and asked again does nothing', async () => {
    const runId = await openRun();
    const answers = await finishAll(runId);
    expect(answers.map(({ status, json }) => [json.step, status, json.replayed])).toEqual(
      stepNames.map((step) => [step, 200, false]),
    );
    expect(await findFlaws(test, client, runId)).toEqual([]);
    const before = await countCalls();
    const again = await finishAll(runId);
    expect(again.map(({ json }) => json.replayed)).toEqual(stepNames.map(() => true));
    expect(await countCalls()).toEqual(before);
  });

  it(`spends at most ${MAX_COMPANY_CALLS} of the company's calls for each new location`, async () => {
    await complete();
    const before = await countCalls();
    const count = 10;
    await Promise.all(Array.from({ length: count }, () => complete()));
    const after = await countCalls();
    const company = (after.company - before.company) / count;
    const all = (after.all - before.all) / count;
    console.log(`calls per new location: ${company} of the company's budget, ${all} in all`);
    expect(company).toBeLessThanOrEqual(MAX_COMPANY_CALLS);
  });

  it('names what the snapshot did not bring, and goes on once it is there', async () => {
    await test.sandbox.admin('PATCH', 'settings', {
      snapshots: { missingParts: ['workflows', 'tags'], missingCount: 1 },
    });
    const runId = await openRun();
    const stopped = (await finishAll(runId)).at(-1);
    await test.sandbox.admin('PATCH', 'settings', { snapshots: { missingParts: [], missingCount: null } });
    expect(stopped).toMatchObject({
      status: 422,
      json: { step: 'verify-setup', reason: 'snapshot_incomplete', retryable: false },
    });
    expect(stopped?.json.detail).toContain('New Lead Welcome');
    const missing = stopped?.json.findings.map(({ check, name }: Answered['json']) => `${check}: ${name}`);
    expect(missing).toEqual(
      expect.arrayContaining(['workflow: Review Request', 'tag: won', 'welcome-workflow: New Lead Welcome']),
    );
    const shown = (await client.show(runId)).json;
    expect(shown.tasks).toMatchObject([{ kind: 'load-snapshot', status: 'open' }]);
    expect(shown.nextSteps).toEqual([]);
    // A person loads it by hand.
    const body = { companyId: test.config.companyId, snapshot: { id: test.sandbox.brandIds.snapshot, override: true } };
    await test.sandbox.call('PUT', `/locations/${shown.ghlLocationId}`, { body });
    await client.finishStep(runId, 'apply-snapshot', '?again=true');
    expect(await client.finishStep(runId, 'verify-setup')).toMatchObject({ status: 200 });
    expect((await client.show(runId)).json.tasks).toMatchObject([{ kind: 'load-snapshot', status: 'done' }]);
  });

  it('waits for people, unless the settings let it go on', async () => {
    const personTasks = [
      {
        kind: 'connect-payments',
        title: 'Connect Stripe',
        reason: 'No call connects it',
        link: 'https://app.example/{ghlLocationId}',
      },
    ];
    await client.put('/v1/onboarding/settings', otterbrookSettings(test.sandbox, { personTasks }));
    const runId = await openRun();
    const refused = (await finishAll(runId)).at(-1);
    expect(refused).toMatchObject({ status: 422, json: { step: 'activate', reason: 'open_tasks' } });
    const shown = (await client.show(runId)).json;
    const [task] = shown.tasks;
    expect(task).toMatchObject({ status: 'open', link: `https://app.example/${shown.ghlLocationId}` });
    await client.patch(`/v1/onboarding/tasks/${task.taskId}`, { status: 'done' });
    expect(await client.finishStep(runId, 'activate')).toMatchObject({ status: 200, json: { openTasks: 0 } });
    await client.put(
      '/v1/onboarding/settings',
      otterbrookSettings(test.sandbox, { personTasks, activateWithOpenTasks: true }),
    );
    const other = await openRun();
    expect((await finishAll(other)).at(-1)).toMatchObject({ status: 200, json: { openTasks: 1 } });
    await client.put('/v1/onboarding/settings', otterbrookSettings(test.sandbox));
  });

  it('updates what another batch changes, and creates nothing', async () => {
    const row = sheetRow();
    const first = await complete(row);
    const moved = { ...row, Phone: '(205) 555-0142', Address: '9 New Street' };
    const second = await complete(moved, 'a later batch');
    expect(second).toMatchObject({ locationId: first.locationId, ghlLocationId: first.ghlLocationId });
    expect(await findFlaws(test, client, second.runId)).toEqual([]);
    const { json } = await test.sandbox.call('GET', `/locations/${first.ghlLocationId}`);
    expect(json.location).toMatchObject({ phone: '+12055550142', address: '9 New Street' });
    const rolled = await client.rollBack(second.runId);
    expect(rolled).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    const restored = await test.sandbox.call('GET', `/locations/${first.ghlLocationId}`);
    expect(restored.json.location).toMatchObject({ phone: '+12055550100' });
    const values = await exported('custom_values', first.ghlLocationId);
    expect(values.find(({ name }) => name === 'Location Phone').value).toBe('+12055550100');
    expect((await client.get(`/v1/locations/${first.locationId}`)).json).toMatchObject({ active: true });
  });

  it('brings a row that was corrected into the sub-account that it made', async () => {
    const row = sheetRow();
    const run = await complete(row);
    await client.correct(run.runId, { ...row, Phone: '(205) 555-0177', Address: '9 Corrected Street' });
    expect((await finishAll(run.runId)).at(-1)).toMatchObject({ status: 200, json: { step: 'activate' } });
    const { json } = await test.sandbox.call('GET', `/locations/${run.ghlLocationId}`);
    expect(json.location).toMatchObject({ phone: '+12055550177', address: '9 Corrected Street' });
  });

  it('repairs by hand-written wish what somebody changed in HighLevel', async () => {
    const run = await complete();
    const values = await exported('custom_values', run.ghlLocationId);
    const value = values.find(({ name }) => name === 'Location Phone');
    const token = await test.sandbox.locationToken(run.ghlLocationId);
    const path = `/locations/${run.ghlLocationId}/customValues/${value.id}`;
    await test.sandbox.call('PUT', path, { token, body: { name: value.name, value: 'wrong' } });
    const found = await client.finishStep(run.runId, 'verify-setup', '?again=true');
    expect(found).toMatchObject({ status: 422, json: { reason: 'differs' } });
    expect(found.json.findings).toMatchObject([{ check: 'custom-value', name: 'location_phone', status: 'differs' }]);
    expect(found.json.action).toContain('configure-automations');
    await client.finishStep(run.runId, 'configure-automations', '?again=true');
    await client.finishStep(run.runId, 'verify-setup');
    expect(await findFlaws(test, client, run.runId)).toEqual([]);
  });
});

describe('managers of several locations', () => {
  it('are one user with all of them, however many are set up at once; a roll back takes one away', async () => {
    const manager = { 'Manager Name': 'Imani Pemberton', 'Manager Email': 'imani.of.many@example.com' };
    const runs = await Promise.all(Array.from({ length: 4 }, () => complete(sheetRow(manager))));
    const usersOf = async (): Promise<Answered['json'][]> => {
      const { users } = await test.sandbox.admin('GET', 'export');
      return users.filter(({ email }: { email: string }) => email === manager['Manager Email']);
    };
    const [user, ...others] = await usersOf();
    expect(others).toEqual([]);
    expect(new Set(user.locationIds)).toEqual(new Set(runs.map(({ ghlLocationId }) => ghlLocationId)));
    expect(user.locationIds).toHaveLength(4);
    expect(await client.rollBack(runs[0].runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    const [after] = await usersOf();
    expect(after.locationIds).toHaveLength(3);
  });
});

describe('rolling back a finished run', () => {
  it('takes the location out of service and leaves nothing at HighLevel', async () => {
    const run = await complete();
    expect(await client.rollBack(run.runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    expect((await client.get(`/v1/locations/${run.locationId}`)).json).toMatchObject({
      active: false,
      ghlLocationId: null,
    });
    const all = await test.sandbox.admin('GET', 'export');
    expect(all.locations.some(({ id }: { id: string }) => id === run.ghlLocationId)).toBe(false);
    expect(all.users.some(({ email }: { email: string }) => email === run.row.managerEmail)).toBe(false);
  });

  it('keeps a sub-account in which people are, and asks what becomes of it', async () => {
    const run = await complete();
    const token = await test.sandbox.locationToken(run.ghlLocationId);
    const body = { locationId: run.ghlLocationId, firstName: 'Ada', email: 'ada@example.com' };
    await test.sandbox.call('POST', '/contacts/upsert', { token, body });
    const rolled = await client.rollBack(run.runId);
    expect(rolled).toMatchObject({ status: 200, json: { status: 'rolled_back_with_tasks' } });
    expect(rolled.json.run).toMatchObject({ ghlLocationId: run.ghlLocationId, active: false });
    expect(rolled.json.run.tasks).toMatchObject([{ kind: 'sub-account-in-use', status: 'open' }]);
  });
});

describe('a sub-account that was there before', () => {
  it.each<[string, Fault | null]>([
    ['gets the snapshot', null],
    ['gets it once although the push was not answered', 'reset-after'],
    ['gets it once although the Worker died after the push', 'die-after'],
  ])('%s', async (_name, fault) => {
    // The limits are the company's, and the tests before may just have spent them.
    const existing = await eventually(() => test.sandbox.createLocation());
    const runId = await openRun(sheetRow({ 'Sub-account Id': existing }));
    await finishAll(runId, 'create-sub-account');
    const worker = createMortalWorker(test.router, ({ method }) => (method === 'PUT' ? fault : null));
    await Promise.race([createRunClient(worker).step(runId, 'apply-snapshot'), worker.died]);
    await endLeases(database, (await client.show(runId)).json.rowKey);
    await finishAll(runId);
    const workflows = await exported('workflows', existing);
    expect(new Set(workflows.map(({ name }) => name)).size).toBe(workflows.length);
    expect(workflows.length).toBeGreaterThan(3);
    expect((await client.show(runId)).json).toMatchObject({ status: 'completed', ghlLocationId: existing });
  });
});
