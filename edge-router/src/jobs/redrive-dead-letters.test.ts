import { Receiver } from '@upstash/qstash';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  CURRENT_SIGNING_KEY,
  NEXT_SIGNING_KEY,
  startTestQstash,
  type TestQstash,
} from '../../../local/qstash/testing/test-qstash.ts';
import { eventually } from '../../../local/testing/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { persistLater } from './persist-later.ts';
import { runEveryFiveMinutes } from './sweep.ts';

/** An hour takes a third of a second. */
const TIME_SCALE = 10_000;

let database: TestDatabase;
let qstash: TestQstash;
let router: TestRouter;
let isWorkerAway = false;

beforeAll(async () => {
  [database, qstash] = await Promise.all([createTestDatabase(), startTestQstash({ timeScale: TIME_SCALE })]);
  router = await createTestRouter({
    database,
    qstash: qstash.client,
    deadLetters: qstash.client.dlq,
    publicUrl: qstash.receiver.url,
    receiver: new Receiver({ currentSigningKey: CURRENT_SIGNING_KEY, nextSigningKey: NEXT_SIGNING_KEY }),
  });
  qstash.receiver.answer(async ({ method, path, headers, body }) => {
    if (isWorkerAway) return { status: 522 };
    const { status } = await router.fetch(new Request(`${qstash.receiver.url}${path}`, { method, headers, body }));
    return { status };
  });
});

afterAll(async () => {
  await router.settle();
  await qstash.stop();
  await database.drop();
});

const countLetters = async (): Promise<number> => (await qstash.readState()).deadLetters;

async function whileWorkerIsAway(work: () => Promise<unknown>): Promise<void> {
  const before = await countLetters();
  isWorkerAway = true;
  await work();
  await eventually(async () => expect(await countLetters()).toBeGreaterThan(before), { timeoutMs: 30_000 });
  isWorkerAway = false;
}

const timeLineOf = async (leadId: string): Promise<string[]> => {
  const found = (await (await router.send('GET', `/v1/leads/${leadId}`)).json()) as { timeLine?: { kind: string }[] };
  return (found.timeLine ?? []).map(({ kind }) => kind);
};

it('news that nobody took while the Worker was away for hours is told when it is back', async () => {
  let leadId = '';
  await whileWorkerIsAway(async () => {
    const answer = await router.send('POST', '/v1/leads', { body: { source: 'site', externalId: 'news' } });
    ({ leadId } = (await answer.json()) as { leadId: string });
    await router.settle();
  });
  expect(await timeLineOf(leadId)).toEqual(['parked']);
  await runEveryFiveMinutes(router.deps);
  await eventually(async () => expect(await timeLineOf(leadId)).toEqual(['parked', 'announced']));
  expect(await countLetters()).toBe(0);
  expect(router.logged.filter((line) => line.includes('dead_letters_sent_again'))).toHaveLength(1);
});

it('a lead that only QStash had becomes one lead, however often it is sent again', async () => {
  const leadId = router.deps.newId();
  const input = { source: 'site', externalId: 'kept' };
  await whileWorkerIsAway(() => {
    const body = { leadId, input, hintedLocationId: null, idempotencyKey: null };
    return persistLater(router.deps, { job: 'persist-lead', id: leadId, body, postponed: 0 });
  });
  expect((await router.send('GET', `/v1/leads/${leadId}`)).status).toBe(404);
  await Promise.all([runEveryFiveMinutes(router.deps), runEveryFiveMinutes(router.deps)]);
  await eventually(async () => expect((await router.send('GET', `/v1/leads/${leadId}`)).status).toBe(200));
  const { rows } = await database.pool.query(`select id from leads where external_id = 'kept'`);
  expect(rows).toEqual([{ id: leadId }]);
});

it('all of them go, page after page; what no repetition helps, what Postgres knows of and what is not ours stay', async () => {
  const send = (path: string, count: number) =>
    qstash.client.batch(
      Array.from({ length: count }, () => ({ url: `${qstash.receiver.url}${path}`, body: '{}', retries: 0 })),
    );
  const before = qstash.receiver.deliveries.length;
  await send('/v1/jobs/persist-event', 1);
  await eventually(async () => expect(await countLetters()).toBe(1));
  isWorkerAway = true;
  await send('/v1/jobs/persist-event', 205);
  await send('/v1/jobs/deliver-lead', 1);
  await send('/somebody/else', 1);
  await eventually(async () => expect(await countLetters()).toBe(208), { timeoutMs: 30_000 });
  await runEveryFiveMinutes(router.deps);
  await eventually(() => expect(qstash.receiver.deliveries.length - before).toBe(208 + 205), { timeoutMs: 30_000 });
  await eventually(async () => expect(await countLetters()).toBe(208), { timeoutMs: 30_000 });
  isWorkerAway = false;
  await runEveryFiveMinutes(router.deps);
  await eventually(() => expect(qstash.receiver.deliveries.length - before).toBe(208 + 2 * 205), { timeoutMs: 30_000 });
  // Nothing is in an empty message, and the router says so: none of these is sent a third time.
  await eventually(async () => expect(await countLetters()).toBe(208), { timeoutMs: 30_000 });
  const statusesOf = async (path: string): Promise<unknown[]> => {
    const filter = { url: `${qstash.receiver.url}${path}` };
    return (await qstash.client.dlq.listMessages({ filter })).messages.map(({ responseStatus }) => responseStatus);
  };
  expect(await statusesOf('/v1/jobs/deliver-lead')).toEqual([522]);
  expect(await statusesOf('/somebody/else')).toEqual([522]);
  expect(new Set(await statusesOf('/v1/jobs/persist-event'))).toEqual(new Set([489]));
  await runEveryFiveMinutes(router.deps);
  expect(qstash.receiver.deliveries.length - before).toBe(208 + 2 * 205);
});

it('a QStash that cannot be asked keeps nothing else from being done', async () => {
  await database.pool.query(`update location_performance_refreshes set refreshed_at = now() - interval '1 hour'`);
  const away = { ...router.deps.deadLetters, listMessages: () => Promise.reject(new TypeError('fetch failed')) };
  router.logged.length = 0;
  await runEveryFiveMinutes({ ...router.deps, deadLetters: away });
  expect(router.logged.filter((line) => line.includes('sweep_failed'))).toHaveLength(1);
  const { rows } = await database.pool.query(
    `select refreshed_at > now() - interval '10 minutes' as done from location_performance_refreshes`,
  );
  expect(rows).toEqual([{ done: true }]);
});
