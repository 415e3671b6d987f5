import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { createMortalWorker, type Fault, type SentCall } from './testing/mortal-worker.ts';
import { otterbrookSettings, sheetRow } from './testing/otterbrook.ts';
import { endLeases, settleEffects } from './testing/pass-time.ts';
import { createRunClient, type RunClient } from './testing/run-client.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let client: RunClient;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  // What may still be done by a call that was not answered is waited for as long as it really takes.
  test = await createTestHighlevel({ database, redis: redis.redis, onboardingTimeScale: 60 });
  client = createRunClient(test.router);
  await client.put('/v1/onboarding/settings', otterbrookSettings(test.sandbox));
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

const STEP = 'create-sub-account';
const isCreate = ({ method, path }: SentCall): boolean => method === 'POST' && path === '/locations/';

interface OpenedRun {
  readonly runId: string;
  readonly rowKey: string;
  readonly locationId: string;
}

async function openWithRecord(): Promise<OpenedRun> {
  const opened = await client.open({ batch: 'faults', row: sheetRow() });
  const { runId, rowKey } = opened.json;
  const record = await client.step(runId, 'create-record');
  return { runId, rowKey, locationId: record.json.locationId };
}

/** One step by a Worker whose creation of the sub-account fails so. */
async function createWithFault({ runId }: OpenedRun, fault: Fault) {
  const worker = createMortalWorker(test.router, (call) => (isCreate(call) ? fault : null));
  return Promise.race([createRunClient(worker).step(runId, STEP), worker.died]);
}

/** The sub-accounts that were made for a location, whatever searches show. */
async function madeFor({ locationId }: OpenedRun): Promise<string[]> {
  const { locations } = await test.sandbox.admin('GET', 'export');
  const marker = `+${locationId.replaceAll('-', '')}.`;
  return locations
    .filter(({ email }: { email?: string }) => email?.includes(marker))
    .map(({ id }: { id: string }) => id);
}

describe.each<[string, Fault, number]>([
  ['dies before it is sent', 'die-before', 0],
  ['dies after it was done', 'die-after', 1],
  ['dies between the answer and writing it down', 'die-before-write', 1],
  ['loses the connection before it is done', 'reset-before', 0],
  ['loses the connection after it was done', 'reset-after', 1],
  ['has no answer in time', 'hang-after', 1],
  ['is answered 500 and it was done', { status: 500, isDone: true }, 1],
  ['is answered 500 and it was not done', { status: 500, isDone: false }, 0],
  ['is answered 422 and it was done', { status: 422, isDone: true }, 1],
])('a Worker whose creation %s', (_name, fault, done) => {
  it('leaves one sub-account once the next one is done', async () => {
    const run = await openWithRecord();
    await createWithFault(run, fault);
    expect(await madeFor(run)).toHaveLength(done);
    await endLeases(database, run.rowKey);
    // Nothing found is no proof while it may still come.
    const next = await client.step(run.runId, STEP);
    expect(next.json.waitsFor === 'sub-account search').toBe(done === 0);
    expect(await madeFor(run)).toHaveLength(done);
    await settleEffects(database, run.rowKey);
    const finished = await client.finishStep(run.runId, STEP);
    const made = await madeFor(run);
    expect(made).toHaveLength(1);
    expect(finished).toMatchObject({ status: 200, json: { ghlLocationId: made[0], output: { created: true } } });
  });
});

describe('creating a sub-account', () => {
  it('waits for a slow first attempt that lands after its successor began', async () => {
    const run = await openWithRecord();
    const { promise: until, resolve: land } = Promise.withResolvers<void>();
    const worker = createMortalWorker(test.router, (call) => (isCreate(call) ? { until } : null));
    const slow = createRunClient(worker).step(run.runId, STEP);
    while (!worker.calls.some(isCreate)) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await client.step(run.runId, STEP)).toMatchObject({ status: 202, json: { status: 'running' } });
    await endLeases(database, run.rowKey);
    expect(await client.step(run.runId, STEP)).toMatchObject({ status: 202, json: { waitsFor: 'sub-account search' } });
    land();
    // Its own writes are refused: somebody else took over.
    expect(await slow).toMatchObject({ status: 202, json: { status: 'running' } });
    const finished = await client.finishStep(run.runId, STEP);
    expect(await madeFor(run)).toEqual([finished.json.ghlLocationId]);
  });

  it('finds one that searches do not show yet', async () => {
    const run = await openWithRecord();
    await createWithFault(run, 'die-after');
    await endLeases(database, run.rowKey);
    await test.sandbox.admin('POST', 'faults', {
      route: 'GET /locations/search',
      kind: 'search-lag',
      lagMs: 600_000,
      count: 3,
    });
    for (let asks = 0; asks < 3; asks++) {
      expect(await client.step(run.runId, STEP)).toMatchObject({
        status: 202,
        json: { waitsFor: 'sub-account search' },
      });
    }
    const finished = await client.finishStep(run.runId, STEP);
    expect(await madeFor(run)).toEqual([finished.json.ghlLocationId]);
  });

  it('is done once when many ask at the same moment', async () => {
    const run = await openWithRecord();
    const workers = Array.from({ length: 6 }, () => createRunClient(createMortalWorker(test.router)));
    const answers = await Promise.all(workers.map((worker) => worker.step(run.runId, STEP)));
    expect(answers.every(({ status }) => status === 200 || status === 202)).toBe(true);
    await client.finishStep(run.runId, STEP);
    expect(await madeFor(run)).toHaveLength(1);
  });

  it('stops for a person where there are two, and goes on with the one that was chosen', async () => {
    const run = await openWithRecord();
    await createWithFault(run, 'die-after');
    await endLeases(database, run.rowKey);
    const email = `ops+${run.locationId.replaceAll('-', '')}.1@otterbrook.example.com`;
    const prospectInfo = { firstName: 'By', lastName: 'Hand', email };
    const chosen = await test.sandbox.createLocation({ prospectInfo });
    const stopped = await client.step(run.runId, STEP);
    expect(stopped).toMatchObject({
      status: 422,
      json: { code: 'step_failed', reason: 'two_sub_accounts', retryable: false },
    });
    expect(stopped.json.action).toContain(`PATCH /v1/locations/${run.locationId}`);
    const shown = await client.show(run.runId);
    expect(shown.json.tasks).toMatchObject([{ kind: 'two-sub-accounts', status: 'open' }]);
    expect(shown.json.nextSteps).toEqual([]);
    await client.patch(`/v1/locations/${run.locationId}`, { ghlLocationId: chosen });
    expect(await client.finishStep(run.runId, STEP)).toMatchObject({ status: 200, json: { ghlLocationId: chosen } });
  });

  it('says what is missing when the token may not create, and does it once it may', async () => {
    const run = await openWithRecord();
    await test.sandbox.admin('POST', 'faults', { route: 'POST /locations/', kind: 'status', status: 403 });
    const refused = await client.step(run.runId, STEP);
    expect(refused).toMatchObject({ status: 422, json: { reason: 'highlevel_forbidden', retryable: false } });
    expect(refused.json.action).toContain('scope');
    expect(await client.finishStep(run.runId, STEP)).toMatchObject({ status: 200 });
    expect(await madeFor(run)).toHaveLength(1);
  });

  it('adopts the sub-account that the row names, and gives it the row’s data', async () => {
    const existing = await test.sandbox.createLocation({ name: 'Before', city: 'Mobile' });
    const row = sheetRow({ 'Sub-account Id': existing });
    const opened = await client.open({ batch: 'adopt', row });
    const { runId } = opened.json;
    await client.step(runId, 'create-record');
    const adopted = await client.finishStep(runId, STEP);
    expect(adopted).toMatchObject({ status: 200, json: { ghlLocationId: existing, output: { created: false } } });
    const stored = await test.sandbox.call('GET', `/locations/${existing}`);
    expect(stored.json.location).toMatchObject({ name: row['Location Name'], city: 'Birmingham' });
    expect(await client.rollBack(runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    const restored = await test.sandbox.call('GET', `/locations/${existing}`);
    expect(restored.json.location).toMatchObject({ city: 'Mobile' });
  });
});

describe('rolling back', () => {
  async function createOne(): Promise<OpenedRun & { ghlLocationId: string }> {
    const run = await openWithRecord();
    const created = await client.finishStep(run.runId, STEP);
    return { ...run, ghlLocationId: created.json.ghlLocationId };
  }

  it('deletes the sub-account; the same batch then begins anew with another one', async () => {
    const run = await createOne();
    const rolled = await client.rollBack(run.runId);
    expect(rolled).toMatchObject({
      status: 200,
      json: { status: 'rolled_back', run: { ghlLocationId: null, generation: 2 } },
    });
    expect(await madeFor(run)).toEqual([]);
    expect(await client.rollBack(run.runId)).toMatchObject({ status: 200, json: { replayed: true } });
    expect(await client.step(run.runId, 'create-record')).toMatchObject({
      status: 409,
      json: { code: 'run_conflict' },
    });
    const { row } = (await client.show(run.runId)).json;
    expect(await client.open({ batch: 'faults', row })).toMatchObject({ status: 201, json: { runId: run.runId } });
    await client.step(run.runId, 'create-record');
    const created = await client.finishStep(run.runId, STEP);
    expect(await madeFor(run)).toEqual([created.json.ghlLocationId]);
  });

  it('renames a sub-account that may not be deleted and leaves it to a person', async () => {
    const run = await createOne();
    await test.sandbox.admin('POST', 'faults', {
      route: 'DELETE /locations/{locationId}',
      kind: 'status',
      status: 403,
    });
    const rolled = await client.rollBack(run.runId);
    expect(rolled).toMatchObject({ status: 200, json: { status: 'rolled_back_with_tasks' } });
    expect(rolled.json.run.tasks).toMatchObject([{ kind: 'delete-sub-account', status: 'open' }]);
    const left = await test.sandbox.call('GET', `/locations/${run.ghlLocationId}`);
    expect(left.json.location.name).toMatch(/^ZZ-FAILED /);
    const listed = await client.get('/v1/onboarding/tasks?status=open&limit=500');
    const task = listed.json.items.find(({ runId }: { runId: string }) => runId === run.runId);
    const done = await client.patch(`/v1/onboarding/tasks/${task.taskId}`, { status: 'done', note: 'deleted by Ann' });
    expect(done).toMatchObject({ status: 200, json: { status: 'done', note: 'deleted by Ann' } });
  });

  it.each<[string, Fault]>([
    ['dies before it deletes', 'die-before'],
    ['dies after it deleted', 'die-after'],
    ['dies before it wrote so', 'die-before-write'],
    ['has no answer', 'reset-after'],
  ])('is finished by the next one when a Worker %s', async (_name, fault) => {
    const run = await createOne();
    const worker = createMortalWorker(test.router, ({ method }) => (method === 'DELETE' ? fault : null));
    await Promise.race([worker.send('POST', `/v1/onboarding/runs/${run.runId}/roll-back`), worker.died]);
    await endLeases(database, run.rowKey);
    expect(await client.rollBack(run.runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    expect(await madeFor(run)).toEqual([]);
  });

  it('waits for a creation whose outcome nobody knows', async () => {
    const run = await openWithRecord();
    await createWithFault(run, 'die-after');
    await endLeases(database, run.rowKey);
    expect(await client.rollBack(run.runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    expect(await madeFor(run)).toEqual([]);
  });
});
