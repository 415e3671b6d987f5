import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { continueWait } from './continue-wait.ts';
import { otterbrookSettings, sheetRow } from './testing/otterbrook.ts';
import { createRunClient, type RunClient } from './testing/run-client.ts';

const RESUME_URL = 'https://n8n.example.com/webhook-waiting/42?signature=abc';
const MAX_TURNS = 300;

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let client: RunClient;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis, onboardingTimeScale: 1000 });
  client = createRunClient(test.router);
  await client.put('/v1/onboarding/settings', otterbrookSettings(test.sandbox));
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

const deps = () => ({ ...test.router.deps, highlevel: test.highlevel, refreshDirectory: () => Promise.resolve() });

async function wait(body: object): Promise<{ status: number; json: { waitId: string; waiting: number } }> {
  const response = await test.router.send('POST', '/v1/onboarding/waits', {
    body: { step: 'create-record', resumeUrl: RESUME_URL, timeoutSeconds: 600, ...body },
  });
  return { status: response.status, json: (await response.json()) as { waitId: string; waiting: number } };
}

/** Messages for the wait so far, as QStash got them. */
const messagesOf = (waitId: string) => test.router.sent.filter(({ body }) => body.includes(waitId));
const wakings = (waitId: string) => messagesOf(waitId).filter(({ url }) => url === RESUME_URL);

it('goes on with the steps that wait and calls back once with all items in their order', async () => {
  const run = (await client.open({ batch: 'wait', row: sheetRow() })).json;
  const other = (await client.open({ batch: 'wait', row: sheetRow() })).json;
  const items = [
    { runId: run.runId, status: 'waiting' },
    { note: 'was done before', status: 'succeeded' },
    { runId: other.runId, status: 'running' },
  ];
  const { status, json } = await wait({ items });
  expect([status, json.waiting]).toEqual([201, 2]);
  for (let turn = 0; turn < MAX_TURNS && wakings(json.waitId).length === 0; turn++) {
    expect(await continueWait(deps(), { waitId: json.waitId, turn })).toBe('done');
  }
  const [waking] = wakings(json.waitId);
  expect(JSON.parse(waking?.body ?? '')).toMatchObject({
    waitId: json.waitId,
    results: [
      { item: items[0], answer: { runId: run.runId, step: 'create-record', status: 'succeeded' }, problem: null },
      { item: items[1], answer: null, problem: null },
      { item: items[2], answer: { runId: other.runId, status: 'succeeded' }, problem: null },
    ],
  });
  expect(await continueWait(deps(), { waitId: json.waitId, turn: 1 })).toBe('done');
  expect(wakings(json.waitId)).toHaveLength(1);
});

it('tells what failed beside the item, and does not wait for it', async () => {
  const run = (await client.open({ batch: 'wait', row: sheetRow() })).json;
  const { json } = await wait({ step: 'activate', items: [{ runId: run.runId, status: 'waiting' }] });
  await continueWait(deps(), { waitId: json.waitId, turn: 0 });
  expect(JSON.parse(wakings(json.waitId)[0]?.body ?? '')).toMatchObject({
    results: [{ item: { runId: run.runId }, answer: null, problem: { code: 'step_blocked' } }],
  });
});

it('calls back when its time is over, and says so of what still waits', async () => {
  const run = (await client.open({ batch: 'wait', row: sheetRow() })).json;
  await client.finishStep(run.runId, 'create-record');
  const { json } = await wait({ step: 'create-sub-account', items: [{ runId: run.runId, status: 'waiting' }] });
  await database.pool.query(`update onboarding_waits set deadline_at = now() where id = $1`, [json.waitId]);
  await database.pool.query(
    `update onboarding_locations set lease_step = 'create-sub-account', lease_until = now() + interval '1 hour' where row_key = $1`,
    [run.rowKey],
  );
  await continueWait(deps(), { waitId: json.waitId, turn: 0 });
  expect(JSON.parse(wakings(json.waitId)[0]?.body ?? '')).toMatchObject({
    results: [{ answer: null, problem: { code: 'still_waiting', retryable: true } }],
  });
});

it('asks for the next turn while somebody else is at a step, when that said', async () => {
  const run = (await client.open({ batch: 'wait', row: sheetRow() })).json;
  const { json } = await wait({ items: [{ runId: run.runId, status: 'waiting' }] });
  await database.pool.query(
    `update onboarding_locations set lease_step = 'create-record', lease_until = now() + interval '10 s' where row_key = $1`,
    [run.rowKey],
  );
  await continueWait(deps(), { waitId: json.waitId, turn: 0 });
  expect(messagesOf(json.waitId).at(-1)).toMatchObject({
    url: 'https://router.test/v1/jobs/continue-wait',
    deduplicationId: `continue-wait-${json.waitId}-1`,
    delay: expect.any(Number),
  });
  expect(wakings(json.waitId)).toEqual([]);
});

it.each([
  ['an address inside', { resumeUrl: 'http://127.0.0.1:5678/webhook-waiting/1' }],
  ['a waiting item without a run', { items: [{ status: 'waiting' }] }],
  ['no items', { items: [] }],
])('refuses %s', async (_name, body) => {
  const { status } = await wait({ items: [{ status: 'succeeded' }], ...body });
  expect(status).toBe(422);
});

it('refuses messages that are none of its own, and forgets a wait that is over', async () => {
  expect(await continueWait(deps(), { waitId: 'x', turn: 0 })).toBe('refused');
  expect(await continueWait(deps(), { waitId: '00000000-0000-7000-8000-000000000000', turn: 0 })).toBe('done');
});
