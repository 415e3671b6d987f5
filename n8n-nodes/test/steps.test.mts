// How a step's node behaves over what the router may answer about a step.
import { afterEach, expect, it } from 'vitest';
import { runNode, type NodeRun } from './testing/engine.mts';
import { serveOddly, type Answer, type AskedRequest, type OddServer } from './testing/servers.mts';

let server: OddServer | null = null;

afterEach(async () => {
  await server?.stop();
  server = null;
});

const runIdOf = (path: string): string => /runs\/([^/]+)/.exec(path)?.[1] ?? '';

function answerStep(path: string, told: object = {}): Answer {
  const runId = runIdOf(path);
  const body = { runId, batch: 'spring', rowKey: `key-${runId}`, locationId: `loc-${runId}`, ghlLocationId: null };
  const step = { step: 'apply-snapshot', status: 'succeeded', replayed: false, attempt: 1, openTasks: 0, detail: null };
  return { status: 200, body: { ...body, ...step, ...told } };
}

const failed = { code: 'step_failed', title: 'The step failed', reason: 'missing_assets', retryable: false };

async function applySnapshot(
  answer: (request: AskedRequest, nth: number) => Answer,
  run: Partial<NodeRun> = {},
): ReturnType<typeof runNode> {
  server = await serveOddly(answer);
  const credentials = { baseUrl: server.baseUrl, apiKey: 'swy_test' };
  const items = [{ runId: 'r1' }, { runId: 'r2' }, { runId: 'r3' }];
  return runNode({ type: 'applySnapshot', credentials, items, ...run });
}

it('answers one item for each, in order, paired, with what is needed to go on', async () => {
  const { outputs, hints } = await applySnapshot(({ path }) => ({
    ...answerStep(path, { replayed: path.includes('r2') }),
    afterMs: path.includes('r1') ? 200 : 0,
  }));
  expect(outputs[0]?.map(({ json }) => [json['runId'], json['rowKey'], json['locationId'], json['replayed']])).toEqual([
    ['r1', 'key-r1', 'loc-r1', false],
    ['r2', 'key-r2', 'loc-r2', true],
    ['r3', 'key-r3', 'loc-r3', false],
  ]);
  expect(outputs[0]?.[2]).toMatchObject({
    json: {
      step: 'apply-snapshot',
      status: 'succeeded',
      attempt: 1,
      runUrl: `${server?.baseUrl}/v1/onboarding/runs/r3`,
    },
    pairedItem: { item: 2 },
  });
  expect(hints[0]?.message).toContain('3 of 3 done, 1 of them before');
  expect(hints[0]?.message).toContain(`${server?.baseUrl}/v1/onboarding/runs/r1`);
});

it('keeps a failed row on the error output with what happened, where and what to do, and does the others', async () => {
  const { outputs } = await applySnapshot(
    ({ path }) =>
      path.includes('r2')
        ? { status: 409, body: { ...failed, detail: '2 assets are missing', action: 'Ask support.', requestId: 'q1' } }
        : answerStep(path),
    { items: [{ runId: 'r1' }, { runId: 'r2', name: 'Kept' }, { runId: 'r3' }], onError: 'continueErrorOutput' },
  );
  expect(outputs[0]?.map(({ json }) => json['runId'])).toEqual(['r1', 'r3']);
  expect(outputs[1]).toMatchObject([
    {
      json: {
        name: 'Kept',
        runId: 'r2',
        error: '2 assets are missing',
        message: expect.stringContaining('Ask support.'),
        details: { code: 'missing_assets', requestId: 'q1', step: 'apply-snapshot', retryable: false, runId: 'r2' },
      },
    },
  ]);
});

it('with the regular output, keeps the row beside the error in its place', async () => {
  const { outputs } = await applySnapshot(
    ({ path }) => (path.includes('r2') ? { status: 409, body: failed } : answerStep(path)),
    { onError: 'continueRegularOutput' },
  );
  expect(outputs[0]?.map(({ json }) => [json['runId'], json['error']])).toEqual([
    ['r1', undefined],
    ['r2', 'The step failed'],
    ['r3', undefined],
  ]);
});

it('stops at the first failure otherwise, and says which item', async () => {
  const { error, status } = await applySnapshot(({ path }) =>
    path.includes('r2') ? { status: 409, body: failed } : answerStep(path),
  );
  expect(status).toBe('error');
  expect(error?.message).toBe('The step failed [item 1]');
});

it('asks a step that waits again when it said, and only that one', async () => {
  let polls = 0;
  const { outputs } = await applySnapshot(({ path }) => {
    if (!path.includes('r2') || ++polls > 2) return answerStep(path);
    const waiting = answerStep(path, { status: 'waiting', waitsFor: 'the snapshot' });
    return { ...waiting, status: 202, headers: { 'retry-after': '1' } };
  });
  expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(server?.asked.map(({ path }) => runIdOf(path)).toSorted()).toEqual(['r1', 'r2', 'r2', 'r2', 'r3']);
});

it('passes a waiting item on when it is told to', async () => {
  const { outputs } = await applySnapshot(
    ({ path }) => ({ ...answerStep(path, { status: 'waiting', waitsFor: 'the snapshot' }), status: 202 }),
    { parameters: { waitMode: 'none' } },
  );
  expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(['waiting', 'waiting', 'waiting']);
  expect(server?.asked).toHaveLength(3);
});

it('works on no more locations at once than it was told', async () => {
  let atOnce = 0;
  let most = 0;
  const items = Array.from({ length: 20 }, (_, n) => ({ runId: `r${n}` }));
  await applySnapshot(
    ({ path }) => {
      most = Math.max(most, ++atOnce);
      setTimeout(() => atOnce--, 45);
      return { ...answerStep(path), afterMs: 50 };
    },
    { items, parameters: { options: { parallelCalls: 3 } } },
  );
  expect(most).toBeLessThanOrEqual(3);
  expect(server?.asked).toHaveLength(20);
});

it('puts the execution to wait when it is told to, and leaves the router what to wake it with', async () => {
  const { waitTill } = await applySnapshot(
    ({ path }) => {
      if (path.endsWith('/waits')) return { status: 201, body: { waitId: 'w1' } };
      return path.includes('r2') ? { ...answerStep(path, { status: 'waiting' }), status: 202 } : answerStep(path);
    },
    { parameters: { waitMode: 'resume' } },
  );
  expect(waitTill).toBeInstanceOf(Date);
  const wait = server?.asked.find(({ path }) => path.endsWith('/waits'));
  expect(JSON.parse(wait?.body ?? '{}')).toMatchObject({
    step: 'apply-snapshot',
    resumeUrl: expect.stringContaining('/webhook-waiting/execution-1'),
    items: [{ runId: 'r1', status: 'succeeded' }, { runId: 'r2', status: 'waiting' }, { runId: 'r3' }],
  });
});

it('an item that failed before the execution slept keeps its row', async () => {
  await applySnapshot(
    ({ path }) => {
      if (path.endsWith('/waits')) return { status: 201, body: { waitId: 'w1' } };
      return path.includes('r1')
        ? { status: 409, body: failed }
        : { ...answerStep(path, { status: 'waiting' }), status: 202 };
    },
    {
      items: [{ runId: 'r1', name: 'Kept' }, { runId: 'r2' }],
      parameters: { waitMode: 'resume' },
      onError: 'continueErrorOutput',
    },
  );
  const wait = server?.asked.find(({ path }) => path.endsWith('/waits'));
  expect(JSON.parse(wait?.body ?? '{}').items).toMatchObject([
    { runId: 'r1', name: 'Kept', error: 'The step failed' },
    { runId: 'r2', status: 'waiting' },
  ]);
});

it('an item without a run fails with the way out, and asks nothing', async () => {
  const { outputs } = await applySnapshot(({ path }) => answerStep(path), {
    items: [{ name: 'no run' }, { runId: 'r2' }],
    onError: 'continueErrorOutput',
  });
  expect(outputs[1]).toMatchObject([
    {
      json: {
        name: 'no run',
        error: "The item has nothing for 'Run ID'",
        message: expect.stringContaining('Create Location Record'),
      },
    },
  ]);
  expect(server?.asked).toHaveLength(1);
});

const row = { rowKey: 'a-1', name: 'A' };

it('opens the run of a batch and row, and asks for the step of that run', async () => {
  server = await serveOddly(({ path }) =>
    path.endsWith('/runs') ? { status: 201, body: { runId: 'r9' } } : answerStep(path),
  );
  const credentials = { baseUrl: server.baseUrl, apiKey: 'swy_test' };
  const { outputs } = await runNode({ type: 'createLocationRecord', credentials, items: [{ batch: 'spring', row }] });
  expect(outputs[0]).toMatchObject([{ json: { runId: 'r9' } }]);
  expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/onboarding/runs',
    'POST /v1/onboarding/runs/r9/steps/create-record',
  ]);
  expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual({ batch: 'spring', row });
});

it('gives a run of this batch the row that was put right since; one of another batch stays as it is', async () => {
  const conflict = { code: 'run_conflict', title: 'Conflict', detail: 'Another row', runId: 'r9' };
  const create = async (batchOfRun: string) => {
    server = await serveOddly(({ method, path }) => {
      if (path.endsWith('/runs')) return { status: 409, body: conflict };
      if (method === 'GET') return { status: 200, body: { runId: 'r9', batch: batchOfRun } };
      return path.endsWith('/row') ? { status: 200, body: { runId: 'r9' } } : answerStep(path);
    });
    const credentials = { baseUrl: server.baseUrl, apiKey: 'swy_test' };
    const result = await runNode({ type: 'createLocationRecord', credentials, items: [{ batch: 'spring', row }] });
    const asked = server.asked.map(({ method, path }) => `${method} ${path}`);
    await server.stop();
    return { result, asked };
  };
  const mine = await create('spring');
  expect(mine.result.error).toBeNull();
  expect(mine.asked).toContain('PUT /v1/onboarding/runs/r9/row');
  const others = await create('autumn');
  expect(others.result.error?.message).toContain('Another row');
  expect(others.asked.filter((line) => line.startsWith('PUT'))).toEqual([]);
});

it('rolls nothing back that was not confirmed', async () => {
  server = await serveOddly(() => ({
    status: 200,
    body: { status: 'rolled_back', replayed: false, run: { rowKey: 'a' } },
  }));
  const credentials = { baseUrl: server.baseUrl, apiKey: 'swy_test' };
  const run = { type: 'rollBackLocation', credentials, items: [{ runId: 'r1' }] };
  const refused = await runNode(run);
  expect(refused.error?.message).toContain('not confirmed');
  expect(server.asked).toEqual([]);
  const confirmed = await runNode({ ...run, parameters: { confirm: true } });
  expect(confirmed.outputs[0]).toMatchObject([{ json: { status: 'rolled_back', rowKey: 'a', runId: 'r1' } }]);
});
