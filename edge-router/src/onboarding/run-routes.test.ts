import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { mintApiKey } from '../testing/test-router.ts';
import { otterbrookSettings, sheetRow } from './testing/otterbrook.ts';
import { endLeases } from './testing/pass-time.ts';
import { createRunClient, type RunClient } from './testing/run-client.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let client: RunClient;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis, onboardingTimeScale: 1000 });
  client = createRunClient(test.router);
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

const settings = (given: Record<string, unknown> = {}) => otterbrookSettings(test.sandbox, given);

describe('settings', () => {
  it('are needed before a step', async () => {
    expect(await client.get('/v1/onboarding/settings')).toMatchObject({ status: 404 });
    const opened = await client.open({ batch: 'no settings', row: sheetRow() });
    const step = await client.step(opened.json.runId, 'create-record');
    expect(step).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('PUT /v1/onboarding/settings') },
    });
  });

  it('name every bad field at once', async () => {
    const bad = settings({
      markerEmail: { mailbox: 'ops+all', domain: 'x' },
      customValues: { 'Location Phone': '{phone}', name: '{nmae}' },
      colour: 'blue',
    });
    const { status, json } = await client.put('/v1/onboarding/settings', bad);
    expect(status).toBe(422);
    const fields = json.errors.map(({ field }: { field: string }) => field).toSorted();
    expect(fields).toEqual(['colour', 'customValues.Location Phone', 'customValues.name', 'markerEmail']);
  });

  it('are stored, and their version grows with what changes', async () => {
    const first = await client.put('/v1/onboarding/settings', settings());
    expect(first).toMatchObject({ status: 200, json: { document: { activateWithOpenTasks: false, personTasks: [] } } });
    expect(await client.put('/v1/onboarding/settings', settings())).toMatchObject({
      json: { version: first.json.version },
    });
    const changed = await client.put('/v1/onboarding/settings', settings({ activateWithOpenTasks: true }));
    expect(changed.json.version).toBe(first.json.version + 1);
    expect((await client.get('/v1/onboarding/settings')).json).toEqual(changed.json);
  });
});

describe('opening a run', () => {
  it('names every bad cell of the row', async () => {
    const row = sheetRow({ State: 'Alabamma', Phone: '123', 'Zip Code': '' });
    const { status, json } = await client.open({ batch: 'bad', row });
    expect(status).toBe(422);
    expect(json.errors.map(({ field }: { field: string }) => field).toSorted()).toEqual([
      'row.Phone',
      'row.State',
      'row.Zip Code',
    ]);
    expect(json.errors[0]).not.toHaveProperty('row');
  });

  it('is the same run for the same batch and row, and a conflict for another row', async () => {
    const row = sheetRow();
    const first = await client.open({ batch: 'same', row });
    expect(first).toMatchObject({ status: 201, json: { status: 'open', nextSteps: [{ step: 'create-record' }] } });
    expect(await client.open({ batch: 'same', row })).toMatchObject({ status: 200, json: { runId: first.json.runId } });
    const other = await client.open({ batch: 'same', row: { ...row, Phone: '(205) 555-0177' } });
    expect(other).toMatchObject({ status: 409, json: { code: 'run_conflict', runId: first.json.runId } });
    const elsewhere = await client.open({ batch: 'another', row });
    expect(elsewhere).toMatchObject({ status: 409, json: { code: 'run_conflict', runId: first.json.runId } });
    expect(elsewhere.json.detail).toContain('"same"');
  });

  it('takes a row as a plan answers it, and checks it again', async () => {
    const first = await client.open({ batch: 'planned', row: sheetRow() });
    const { row } = first.json;
    expect(await client.open({ batch: 'planned', row })).toMatchObject({
      status: 200,
      json: { runId: first.json.runId },
    });
    const bad = await client.open({ batch: 'planned', row: { ...row, state: 'ZZ', rowKey: undefined } });
    expect(bad).toMatchObject({ status: 422, json: { errors: [{ field: 'row.rowKey' }] } });
    const wrong = await client.open({ batch: 'planned', row: { ...row, state: 'ZZ' } });
    expect(wrong).toMatchObject({ status: 422, json: { errors: [{ field: 'row.State' }] } });
    const foreign = await client.open({ batch: 'planned', row: { ...row, rowKey: 'somebody-else' } });
    expect(foreign).toMatchObject({ status: 422, json: { errors: [{ field: 'row.rowKey', code: 'other_row_key' }] } });
  });

  it('refuses a row key that is not the row’s', async () => {
    const answer = await client.open({ batch: 'key', rowKey: 'x', row: sheetRow() });
    expect(answer).toMatchObject({ status: 422, json: { errors: [{ field: 'rowKey' }] } });
  });
});

describe('steps', () => {
  it('go one after the other, and a step done before is replayed', async () => {
    const { runId } = (await client.open({ batch: 'steps', row: sheetRow() })).json;
    expect(await client.step(runId, 'activate')).toMatchObject({
      status: 409,
      json: { code: 'step_blocked', missing: ['verify-setup'], retryable: false },
    });
    const done = await client.step(runId, 'create-record');
    expect(done).toMatchObject({ status: 200, json: { status: 'succeeded', replayed: false, attempt: 1 } });
    expect(await client.step(runId, 'create-record')).toMatchObject({
      status: 200,
      json: { replayed: true, attempt: 1 },
    });
    const again = await client.step(runId, 'create-record', '?again=true');
    expect(again).toMatchObject({ status: 200, json: { replayed: false, attempt: 2, output: { existed: true } } });
    const events = await client.get(`/v1/onboarding/runs/${runId}/events`);
    expect(events.json.items.map(({ kind }: { kind: string }) => kind)).toEqual([
      'run_opened',
      'step_started',
      'step_succeeded',
      'step_started',
      'step_succeeded',
    ]);
  });

  it('leave a location inactive, and one that is active as it is', async () => {
    const row = sheetRow();
    const { runId } = (await client.open({ batch: 'inactive', row })).json;
    const { locationId } = (await client.step(runId, 'create-record')).json;
    expect((await client.get(`/v1/locations/${locationId}`)).json).toMatchObject({ active: false, dailyCap: 20 });
    await client.patch(`/v1/locations/${locationId}`, { active: true });
    await client.step(runId, 'create-record', '?again=true');
    expect((await client.get(`/v1/locations/${locationId}`)).json).toMatchObject({ active: true });
  });

  it('that a correction concerns are to be done again; the record becomes what it was on roll back', async () => {
    const row = sheetRow();
    const { runId } = (await client.open({ batch: 'first run', row })).json;
    const { locationId } = (await client.step(runId, 'create-record')).json;
    const corrected = await client.correct(runId, { ...row, Phone: '(205) 555-0177' });
    expect(corrected).toMatchObject({ status: 200, json: { nextSteps: [{ step: 'create-record' }] } });
    expect(await client.step(runId, 'create-record')).toMatchObject({ json: { replayed: false } });
    expect((await client.get(`/v1/locations/${locationId}`)).json).toMatchObject({ phone: '+12055550177' });
    await client.rollBack(runId);
    const second = (
      await client.open({ batch: 'second run', row: { ...row, City: 'Birmingham', Phone: '(205) 555-0188' } })
    ).json;
    await client.step(second.runId, 'create-record');
    expect((await client.get(`/v1/locations/${locationId}`)).json).toMatchObject({ phone: '+12055550188' });
    expect(await client.rollBack(second.runId)).toMatchObject({ status: 200, json: { status: 'rolled_back' } });
    expect((await client.get(`/v1/locations/${locationId}`)).json).toMatchObject({
      phone: '+12055550177',
      active: false,
    });
  });

  it('are not done again for a row that knows what its own run has made', async () => {
    await client.put('/v1/onboarding/settings', settings());
    const row = sheetRow({ Timezone: '' });
    const { json: run } = await client.open({ batch: 'own sub-account', row });
    await client.finishStep(run.runId, 'create-record');
    await client.finishStep(run.runId, 'create-sub-account');
    const { ghlLocationId } = (await client.show(run.runId)).json;
    const named = { ...row, 'Sub-account Id': ghlLocationId, Timezone: 'America/Chicago' };
    expect(await client.open({ batch: 'own sub-account', row: named })).toMatchObject({
      status: 200,
      json: { runId: run.runId },
    });
    const corrected = { ...named, 'Manager Name': 'Somebody Else' };
    expect(await client.correct(run.runId, corrected)).toMatchObject({ status: 200 });
    expect(await client.step(run.runId, 'create-sub-account')).toMatchObject({ status: 200, json: { replayed: true } });
  });

  it('refuses a correction that is another location’s', async () => {
    const { runId } = (await client.open({ batch: 'other', row: sheetRow() })).json;
    expect(await client.correct(runId, sheetRow())).toMatchObject({
      status: 422,
      json: { errors: [{ code: 'other_location' }] },
    });
  });

  it('say who is at it, and are taken up once whoever was is gone', async () => {
    const opened = (await client.open({ batch: 'busy', row: sheetRow() })).json;
    await database.pool.query(
      `update onboarding_locations set lease_step = 'create-record', lease_until = now() + interval '40 s' where row_key = $1`,
      [opened.rowKey],
    );
    const busy = await client.step(opened.runId, 'create-record');
    expect(busy).toMatchObject({ status: 202, json: { status: 'running' } });
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(30);
    expect(await client.correct(opened.runId, opened.row)).toMatchObject({ status: 200 });
    await endLeases(database, opened.rowKey);
    expect(await client.step(opened.runId, 'create-record')).toMatchObject({ status: 200 });
  });
});

describe('every address', () => {
  const id = '00000000-0000-7000-8000-000000000000';

  it.each([
    ['GET', `/v1/onboarding/runs/${id}`],
    ['GET', `/v1/onboarding/runs/${id}/events`],
    ['POST', `/v1/onboarding/runs/${id}/steps/create-record`],
    ['POST', `/v1/onboarding/runs/${id}/roll-back`],
    ['POST', '/v1/onboarding/runs/nonsense/steps/create-record'],
    ['POST', `/v1/onboarding/runs/${id}/steps/make-coffee`],
  ])('%s %s knows nothing of what is not there', async (method, path) => {
    const answer = await test.router.send(method, path);
    expect(answer.status).toBe(404);
  });

  it.each([
    ['POST', '/v1/onboarding/runs'],
    ['PUT', `/v1/onboarding/runs/${id}/row`],
    ['POST', `/v1/onboarding/runs/${id}/steps/create-record`],
    ['POST', `/v1/onboarding/runs/${id}/roll-back`],
    ['PUT', '/v1/onboarding/settings'],
    ['PATCH', `/v1/onboarding/tasks/${id}`],
  ])('%s %s needs onboarding:write', async (method, path) => {
    const apiKey = await mintApiKey(test.router.deps, ['onboarding:read']);
    const answer = await test.router.send(method, path, { apiKey, body: {} });
    expect(answer.status).toBe(403);
    expect((await test.router.send(method, path, { apiKey: null, body: {} })).status).toBe(401);
  });
});
