import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDriftReport } from '../../../db/queries/create-drift-report.ts';
import { startReceiver, type Receiver } from '../../../local/qstash/testing/receiver.ts';
import { eventually } from '../../../local/testing/eventually.ts';
import { runEveryMinute, runNightly } from '../jobs/sweep.ts';
import { startBatchStack, type BatchStack } from './testing/batch-stack.ts';
import { sheetRow } from './testing/otterbrook.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const LOCATIONS = 4;

let stack: BatchStack;
let brought: Json[];
let subscriber: Receiver;

beforeAll(async () => {
  [stack, subscriber] = await Promise.all([startBatchStack(), startReceiver()]);
  const topics = ['location.activated', 'batch.finished', 'drift.found'];
  const body = { targetUrl: `${subscriber.url}/news`, topics };
  expect((await stack.test.router.send('POST', '/v1/subscriptions', { body })).status).toBe(201);
  const plan = await send('POST', 'plan', { rows: Array.from({ length: LOCATIONS }, () => sheetRow()) });
  const { batchId } = await send('POST', 'batches', { planId: plan.json.id }).then(({ json }) => json);
  await eventually(async () => expect((await send('GET', `batches/${batchId}`)).json.finishedAt).not.toBeNull(), {
    timeoutMs: 60_000,
  });
  brought = (await send('GET', `batches/${batchId}/rows`)).json.items;
  expect(brought.map(({ status }) => status)).toEqual(Array.from({ length: LOCATIONS }, () => 'succeeded'));
});

afterAll(async () => {
  await stack.stop();
  await subscriber.stop();
});

async function send(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
  const answer = await stack.test.router.send(method, `/v1/onboarding/${path}`, body === undefined ? {} : { body });
  return { status: answer.status, json: (await answer.json()) as Json };
}

/** Waits until a report is over. */
function finish(reportId: string): Promise<Json> {
  return eventually(
    async () => {
      const { json } = await send('GET', `drift/${reportId}`);
      expect(json.status).toBe('finished');
      return json;
    },
    { timeoutMs: 60_000 },
  );
}

async function look(body: Record<string, unknown> = {}): Promise<Json> {
  const { status, json } = await send('POST', 'drift', body);
  expect(status).toBe(202);
  return finish(json.reportId);
}

const rowsOf = async (reportId: string, status: string): Promise<Json[]> =>
  (await send('GET', `drift/${reportId}/rows?status=${status}`)).json.items;

async function valuesOf(ghlLocationId: string): Promise<Json[]> {
  const token = await stack.test.sandbox.locationToken(ghlLocationId);
  return (await stack.test.sandbox.call('GET', `/locations/${ghlLocationId}/customValues`, { token })).json
    .customValues;
}

/** As if somebody had changed a custom value by hand. */
async function changeValue(ghlLocationId: string, name: string, value: string): Promise<void> {
  const token = await stack.test.sandbox.locationToken(ghlLocationId);
  const found = (await valuesOf(ghlLocationId)).find((one) => one.name === name);
  const path = `/locations/${ghlLocationId}/customValues/${found.id}`;
  const { status } = await stack.test.sandbox.call('PUT', path, { token, body: { name, value } });
  expect(status).toBe(200);
}

/** Events of a topic that the subscriber has, once there are so many. */
function hear(topic: string, count: number): Promise<Json[]> {
  return eventually(() => {
    const events: Json[] = subscriber.deliveries.map(({ body }) => JSON.parse(body));
    const heard = [...new Map(events.map((event) => [event.id, event])).values()].filter(
      (event) => event.topic === topic,
    );
    expect(heard).toHaveLength(count);
    return heard.map(({ data }) => data);
  });
}

it('a batch’s end and each activation are told', async () => {
  expect(await hear('batch.finished', 1)).toMatchObject([{ total: LOCATIONS, succeeded: LOCATIONS, failed: 0 }]);
  const activated = await hear('location.activated', LOCATIONS);
  expect(activated.map(({ locationId }) => String(locationId)).toSorted()).toEqual(
    brought.map(({ locationId }) => String(locationId)).toSorted(),
  );
});

describe('drift', () => {
  it('is not found where nothing was changed, at two calls of the company at most for each location', async () => {
    await stack.test.sandbox.admin('DELETE', 'requests');
    const report = await look();
    expect(report).toMatchObject({ kind: 'asked', total: LOCATIONS, counts: { ok: LOCATIONS, drifted: 0 } });
    const { byBucket } = await stack.test.sandbox.admin('GET', 'requests/summary');
    const company = Object.entries<number>(byBucket).filter(([bucket]) => bucket.startsWith('company:'));
    const calls = company.reduce((total, [, count]) => total + count, 0);
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThanOrEqual(2 * LOCATIONS);
  });

  it('is found by name, told once, and repaired when asked', async () => {
    const [first, second] = brought;
    await changeValue(first.ghlLocationId, 'Location Phone', '+10000000000');
    await changeValue(second.ghlLocationId, 'Location Name', 'Somebody else');
    const report = await look();
    expect(report.counts).toMatchObject({ ok: 2, drifted: 2 });
    const drifted = await rowsOf(report.reportId, 'drifted');
    const of = (locationId: string): Json => drifted.find((row) => row.locationId === locationId);
    expect(of(first.locationId)).toMatchObject({
      franchiseCode: first.franchiseCode,
      findings: [{ check: 'custom-value', name: 'location_phone', status: 'differs' }],
    });
    expect(of(second.locationId).findings).toMatchObject([{ name: 'location_name' }]);
    const asked = await send('POST', `drift/${report.reportId}/repair`, { locationIds: [first.locationId] });
    expect(asked).toMatchObject({ status: 202, json: { status: 'running', counts: { repairing: 1 } } });
    expect((await finish(report.reportId)).counts).toMatchObject({ repaired: 1, drifted: 1 });
    const phone = (await valuesOf(first.ghlLocationId)).find(({ name }) => name === 'Location Phone');
    expect(phone.value).toBe('+12055550100');
    await send('POST', `drift/${report.reportId}/repair`, {});
    expect((await finish(report.reportId)).counts).toMatchObject({ repaired: 2, drifted: 0 });
    expect((await look()).counts).toMatchObject({ ok: LOCATIONS });
    expect(await hear('drift.found', 1)).toEqual([{ reportId: report.reportId, drifted: 2, checked: LOCATIONS }]);
    const nothing = await send('POST', `drift/${report.reportId}/repair`, {});
    expect(nothing.status).toBe(409);
  });

  it('is no change of the location’s record: HighLevel is to have it, too', async () => {
    const [first] = brought;
    const path = `/v1/locations/${first.locationId}`;
    const patched = { name: 'Otterbrook Plumbing Anew', dailyCap: 7 };
    expect((await stack.test.router.send('PATCH', path, { body: patched })).status).toBe(200);
    const report = await look({ locationIds: [first.locationId] });
    const [row] = await rowsOf(report.reportId, 'drifted');
    expect(row.findings.map(({ check, name }: Json) => [check, name])).toEqual([
      ['sub-account', null],
      ['custom-value', 'location_name'],
    ]);
    await send('POST', `drift/${report.reportId}/repair`, {});
    expect((await finish(report.reportId)).counts).toMatchObject({ repaired: 1 });
    expect(await (await stack.test.router.send('GET', path)).json()).toMatchObject(patched);
    const { location } = (await stack.test.sandbox.call('GET', `/locations/${first.ghlLocationId}`)).json;
    expect(location.name).toBe(patched.name);
    const value = (await valuesOf(first.ghlLocationId)).find(({ name }) => name === 'Location Name');
    expect(value.value).toBe(patched.name);
    expect((await stack.client.show(first.runId)).json).toMatchObject({ status: 'completed' });
    expect((await look({ locationIds: [first.locationId] })).counts).toMatchObject({ ok: 1 });
  });

  it('of a calendar that nobody is in any more is repaired', async () => {
    const [, second] = brought;
    const token = await stack.test.sandbox.locationToken(second.ghlLocationId);
    const query = `/calendars/?locationId=${second.ghlLocationId}`;
    const { calendars } = (await stack.test.sandbox.call('GET', query, { token })).json;
    const calendar = calendars.find(({ name }: Json) => name === 'Estimate Visit');
    const body = { teamMembers: [] };
    const emptied = await stack.test.sandbox.call('PUT', `/calendars/${calendar.id}`, { token, body });
    expect(emptied.status).toBe(200);
    const report = await look({ locationIds: [second.locationId] });
    expect(report.counts).toMatchObject({ drifted: 1 });
    await send('POST', `drift/${report.reportId}/repair`, {});
    expect((await finish(report.reportId)).counts).toMatchObject({ repaired: 1 });
  });

  it('is looked for in some locations only, when they are named', async () => {
    const [, , third] = brought;
    const report = await look({ locationIds: [third.locationId] });
    expect(report).toMatchObject({ total: 1, counts: { ok: 1 } });
    const unknown = await look({ locationIds: ['00000000-0000-7000-8000-000000000000'] });
    expect(unknown).toMatchObject({ total: 0, status: 'finished' });
  });

  it('of what no step can put right stays, with what to do', async () => {
    const [, , , last] = brought;
    const token = await stack.test.sandbox.locationToken(last.ghlLocationId);
    const { customFields } = (
      await stack.test.sandbox.call('GET', `/locations/${last.ghlLocationId}/customFields`, { token })
    ).json;
    const path = `/locations/${last.ghlLocationId}/customFields/${customFields[0].id}`;
    expect((await stack.test.sandbox.call('DELETE', path, { token })).status).toBe(200);
    const report = await look({ locationIds: [last.locationId] });
    expect(report.counts).toMatchObject({ drifted: 1 });
    await send('POST', `drift/${report.reportId}/repair`, {});
    expect((await finish(report.reportId)).counts).toMatchObject({ drifted: 1, repaired: 0 });
    const [row] = await rowsOf(report.reportId, 'drifted');
    expect(row).toMatchObject({ error: { reason: 'still_differs' }, findings: [{ status: 'missing' }] });
  });

  it('that HighLevel did not answer for is looked at again', async () => {
    const fault = { route: 'GET /workflows/', kind: 'status', status: 500, count: 1 };
    await stack.test.sandbox.admin('POST', 'faults', fault);
    const [, second] = brought;
    expect((await look({ locationIds: [second.locationId] })).counts).toMatchObject({ ok: 1 });
  });

  it('is asked for in one shape only, and of reports that are there', async () => {
    const unknown = '00000000-0000-7000-8000-000000000000';
    for (const path of ['', '/rows']) expect((await send('GET', `drift/${unknown}${path}`)).status).toBe(404);
    expect((await send('POST', `drift/${unknown}/repair`, {})).status).toBe(404);
    expect((await send('POST', 'drift', { locations: [] })).status).toBe(422);
  });
});

describe('each night', () => {
  it('all active locations are looked at, as far as the budget goes, and the next night goes on there', async () => {
    const { router } = stack.test;
    const night = async (limit: number): Promise<string[]> => {
      const request = { reportId: router.deps.newId(), kind: 'nightly', limit, dueSeconds: 0 } as const;
      const report = await createDriftReport(router.deps.database, request);
      expect(report).not.toBeNull();
      // Nobody was told: the minute's Cron takes it up.
      await runEveryMinute(router.app, router.deps);
      await finish(request.reportId);
      const { json } = await send('GET', `drift/${request.reportId}/rows`);
      return json.items.map(({ locationId }: Json) => locationId);
    };
    const all = brought.map(({ locationId }) => String(locationId)).toSorted();
    expect(await night(3)).toEqual(all.slice(0, 3));
    expect(await night(3)).toEqual(all.slice(3));
    expect(await night(4)).toEqual(all);
  });

  it('one begins, and no second while it is under way', async () => {
    const { router } = stack.test;
    await stack.outages.qstash.begin();
    await runNightly(router.app, router.deps);
    await runNightly(router.app, router.deps);
    await stack.outages.qstash.end();
    const { items } = (await send('GET', 'drift')).json;
    const running = items.filter(({ kind, status }: Json) => kind === 'nightly' && status === 'running');
    expect(running).toHaveLength(1);
    await stack.database.pool.query(`update onboarding_drift_reports set due_at = now() where status = 'running'`);
    await runEveryMinute(router.app, router.deps);
    expect(await finish(running[0].reportId)).toMatchObject({ total: LOCATIONS });
  });
});
