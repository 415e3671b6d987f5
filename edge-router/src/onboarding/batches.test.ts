import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../local/testing/eventually.ts';
import { startBatchStack, type BatchStack } from './testing/batch-stack.ts';
import { sheetRow } from './testing/otterbrook.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let stack: BatchStack;

beforeAll(async () => {
  stack = await startBatchStack();
});

afterAll(() => stack.stop());

const rows = (count: number): Record<string, unknown>[] => Array.from({ length: count }, () => sheetRow());

async function send(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
  const answer = await stack.test.router.send(method, `/v1/onboarding/${path}`, body === undefined ? {} : { body });
  return { status: answer.status, json: (await answer.json()) as Json };
}

async function plan(given: Record<string, unknown>[]): Promise<string> {
  const { status, json } = await send('POST', 'plan', { rows: given });
  expect(status).toBe(201);
  return json.id;
}

async function begin(given: Record<string, unknown>[], options: Record<string, unknown> = {}): Promise<string> {
  const { status, json } = await send('POST', 'batches', { planId: await plan(given), ...options });
  expect([status, json.total]).toEqual([201, given.length]);
  return json.batchId;
}

/** Waits until every row has come to an end. */
function finish(batchId: string): Promise<Json> {
  return eventually(
    async () => {
      const { json } = await send('GET', `batches/${batchId}`);
      expect(json.finishedAt).not.toBeNull();
      return json;
    },
    { timeoutMs: 60_000, intervalMs: 100 },
  );
}

const rowsOf = async (batchId: string, status = ''): Promise<Json[]> =>
  (await send('GET', `batches/${batchId}/rows?limit=500${status && `&status=${status}`}`)).json.items;

/** The sub-accounts that the sandbox holds under a row's name. */
async function madeFor(given: Record<string, unknown>): Promise<Json[]> {
  const { locations } = await stack.test.sandbox.admin('GET', 'export');
  return locations.filter(({ name }: { name: string }) => name === given['Location Name']);
}

describe('a batch', () => {
  it('brings on every row of a plan, and the same plan again is the same batch', async () => {
    const given = rows(8);
    const planId = await plan(given);
    const first = await send('POST', 'batches', { planId, name: 'eight' });
    expect(first).toMatchObject({ status: 201, json: { name: 'eight', total: 8, finishedAt: null } });
    const again = await send('POST', 'batches', { planId });
    expect(again).toMatchObject({ status: 200, json: { batchId: first.json.batchId, name: 'eight' } });
    const done = await finish(first.json.batchId);
    expect(await rowsOf(done.batchId, 'failed')).toEqual([]);
    expect(done).toMatchObject({ status: 'finished', counts: { succeeded: 8, failed: 0 } });
    expect(done.steps.map(({ done }: { done: number }) => done)).toEqual([8, 8, 8, 8, 8, 8, 8]);
    for (const row of given) expect(await madeFor(row)).toHaveLength(1);
    const active = await stack.test.router.send('GET', '/v1/locations?limit=100');
    const { items } = (await active.json()) as Json;
    expect(items.filter(({ active }: { active: boolean }) => active)).toHaveLength(8);
    const { rows: completed } = await stack.database.pool.query<{ count: number }>(
      `select count(*)::int from onboarding_events where batch = $1 and kind = 'run_completed'`,
      [done.batchId],
    );
    expect(completed).toEqual([{ count: 8 }]);
    expect(await rowsOf(done.batchId)).toMatchObject(
      given.map((row, index) => ({ row: index + 2, name: row['Location Name'], status: 'succeeded', error: null })),
    );
  });

  it('tells its progress as events, with one summary, and goes on after the last id that a listener has', async () => {
    const batchId = await begin(rows(4));
    const told = await listen(batchId, { 'last-event-id': '0' });
    const kinds = told.map(({ event }) => event);
    expect(kinds.filter((kind) => kind === 'summary')).toHaveLength(1);
    expect(kinds.at(-1)).toBe('summary');
    const completed = told.filter(({ data }) => data.kind === 'run_completed');
    expect(completed.map(({ data }) => data.row).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
    expect(told.at(-1)?.data).toMatchObject({ status: 'finished', counts: { succeeded: 4 } });
    const middle = told.filter(({ event }) => event === 'step')[10]?.id;
    const rest = await listen(batchId, { 'last-event-id': String(middle) });
    const ids = (list: typeof told) => list.filter(({ event }) => event === 'step').map(({ id }) => id);
    expect(ids(rest)).toEqual(ids(told).slice(11));
    expect((await listen(batchId)).map(({ event }) => event)).toEqual(['open', 'progress', 'summary']);
  });

  it('is not held up by a row that fails, which is retried once it was put right', async () => {
    const given = rows(6);
    const busy = await stack.client.open({ batch: 'somebody else', row: given[2] });
    const batchId = await begin(given);
    const done = await finish(batchId);
    expect(done.counts).toMatchObject({ succeeded: 5, failed: 1 });
    const [failed] = await rowsOf(batchId, 'failed');
    expect(failed).toMatchObject({
      row: 4,
      error: { reason: 'run_conflict', detail: expect.stringContaining('somebody') },
    });
    const csv = await (await stack.test.router.send('GET', `/v1/onboarding/batches/${batchId}/errors.csv`)).text();
    const lines = csv.trim().split('\r\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^Location Name,.*,errors$/);
    expect(lines[1]).toContain(String(given[2]?.['Franchise Code']));
    await stack.client.rollBack(busy.json.runId);
    expect(await send('POST', `batches/${batchId}/retry`, {})).toMatchObject({ status: 200 });
    expect((await finish(batchId)).counts).toMatchObject({ succeeded: 6, failed: 0 });
  });

  it('goes on with the run that an earlier batch left unfinished, with the row that was put right', async () => {
    const [row] = rows(1);
    const fault = { route: 'POST /locations/', kind: 'status', status: 403, count: 1 };
    await stack.test.sandbox.admin('POST', 'faults', fault);
    const first = await begin([{ ...row }]);
    expect((await finish(first)).counts).toMatchObject({ failed: 1 });
    const [failed] = await rowsOf(first);
    expect(failed).toMatchObject({
      stepsDone: 1,
      error: { step: 'create-sub-account', reason: 'highlevel_forbidden' },
    });
    const second = await begin([{ ...row, Phone: '(205) 555-0188' }]);
    expect((await finish(second)).counts).toMatchObject({ succeeded: 1 });
    const [brought] = await rowsOf(second);
    expect(brought.runId).toBe(failed.runId);
    expect(await madeFor(row ?? {})).toMatchObject([{ phone: '+12055550188' }]);
    expect(await send('POST', `batches/${first}/retry`, {})).toMatchObject({ status: 200 });
    // Its run is the other batch's now, and done.
    expect((await finish(first)).counts).toMatchObject({ succeeded: 1 });
  });

  it('rolled back leaves alone a run that a later batch went on with', async () => {
    const [row] = rows(1);
    const fault = { route: 'POST /locations/', kind: 'status', status: 403, count: 1 };
    await stack.test.sandbox.admin('POST', 'faults', fault);
    const first = await begin([{ ...row }]);
    expect((await finish(first)).counts).toMatchObject({ failed: 1 });
    const second = await begin([{ ...row, Phone: '(205) 555-0188' }]);
    expect((await finish(second)).counts).toMatchObject({ succeeded: 1 });
    await send('POST', `batches/${first}/roll-back`, { rows: 'all' });
    expect((await finish(first)).counts).toMatchObject({ cancelled: 1 });
    expect(await madeFor(row ?? {})).toHaveLength(1);
  });

  it('rolls back rows that fail, when it was begun so', async () => {
    const [row] = rows(1);
    const fault = { route: 'GET /workflows/', kind: 'status', status: 403, count: 1 };
    await stack.test.sandbox.admin('POST', 'faults', fault);
    const batchId = await begin([{ ...row }], { onFailure: 'roll_back' });
    expect((await finish(batchId)).counts).toMatchObject({ rolledBack: 1, failed: 0 });
    expect(await rowsOf(batchId)).toMatchObject([{ status: 'rolled_back', error: { step: 'configure-automations' } }]);
    expect(await madeFor(row ?? {})).toEqual([]);
  });

  it('is paused and resumed, cancelled, and rolled back', async () => {
    const given = rows(12);
    const batchId = await begin(given);
    expect((await send('POST', `batches/${batchId}/pause`)).json).toMatchObject({ status: 'paused' });
    const still = await eventually(async () => {
      const { json } = await send('GET', `batches/${batchId}`);
      expect([json.counts.active, json.counts.waiting]).toEqual([0, 0]);
      return json;
    });
    expect(still.counts.succeeded).toBeLessThan(12);
    await send('POST', `batches/${batchId}/resume`);
    await eventually(async () => {
      expect((await send('GET', `batches/${batchId}`)).json.counts.succeeded).toBeGreaterThan(0);
    });
    await send('POST', `batches/${batchId}/cancel`);
    const cancelled = await finish(batchId);
    expect(cancelled).toMatchObject({ status: 'cancelled' });
    expect(cancelled.counts.succeeded + cancelled.counts.cancelled).toBe(12);
    expect(await send('POST', `batches/${batchId}/roll-back`, {})).toMatchObject({ status: 422 });
    await send('POST', `batches/${batchId}/roll-back`, { rows: 'all' });
    const undone = await finish(batchId);
    expect(undone.counts.rolledBack + undone.counts.cancelled).toBe(12);
    for (const row of given) expect(await madeFor(row)).toEqual([]);
  });

  it('of a plan that cannot be run, or that is not there, is refused', async () => {
    const bad = (await send('POST', 'plan', { rows: [sheetRow({ State: 'Nowhere' }), sheetRow()] })).json;
    expect(await send('POST', 'batches', { planId: bad.id })).toMatchObject({ status: 409 });
    const unknown = '00000000-0000-7000-8000-000000000000';
    expect(await send('POST', 'batches', { planId: unknown })).toMatchObject({ status: 404 });
    expect(await send('POST', 'batches', { planId: 'x', colour: 'blue' })).toMatchObject({
      status: 422,
      json: { errors: [{ field: 'planId' }, { field: 'colour' }] },
    });
    for (const path of ['', '/rows', '/errors.csv', '/events']) {
      expect((await stack.test.router.send('GET', `/v1/onboarding/batches/${unknown}${path}`)).status).toBe(404);
    }
    for (const action of ['pause', 'resume', 'cancel']) {
      expect((await send('POST', `batches/${unknown}/${action}`)).status).toBe(404);
    }
  });

  it('is refused while the app is not installed in future sub-accounts', async () => {
    const { pool } = stack.database;
    await pool.query('update highlevel_connections set install_to_future_locations = false');
    await stack.test.sandbox.admin('PATCH', 'settings', { app: { installToFutureLocations: false } });
    const refused = await send('POST', 'batches', { planId: await plan(rows(1)) });
    expect(refused).toMatchObject({ status: 409, json: { detail: expect.stringContaining('future') } });
    await stack.test.sandbox.admin('PATCH', 'settings', { app: { installToFutureLocations: true } });
    await pool.query('update highlevel_connections set install_to_future_locations = true');
  });
});

interface Told {
  readonly event: string;
  readonly id: string | null;
  readonly data: Json;
}

/** Every event until the stream ends. */
async function listen(batchId: string, headers: Record<string, string> = {}): Promise<Told[]> {
  const answer = await stack.test.router.send('GET', `/v1/onboarding/batches/${batchId}/events`, { headers });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const blocks = (await answer.text()).trim().split('\n\n');
  return blocks.map((block) => {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(': ')[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
    );
    return {
      event: fields.get('event') ?? '',
      id: fields.get('id') ?? null,
      data: JSON.parse(fields.get('data') ?? 'null'),
    };
  });
}
