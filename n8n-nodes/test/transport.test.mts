import { afterEach, expect, it } from 'vitest';
import { describeAnswer } from '../nodes/shared/failure';
import { chooseWaitMs } from '../nodes/shared/transport';
import { runNode, type NodeRun } from './testing/engine.mts';
import { serveOddly, type Answer, type AskedRequest, type OddServer } from './testing/servers.mts';

let server: OddServer | null = null;

afterEach(async () => {
  await server?.stop();
  server = null;
});

async function getLead(
  answer: (request: AskedRequest, nth: number) => Answer,
  run: Partial<NodeRun> = {},
): ReturnType<typeof runNode> {
  server = await serveOddly(answer);
  const credentials = { baseUrl: server.baseUrl, apiKey: 'swy_test' };
  return runNode({ type: 'lead', parameters: { operation: 'get', leadId: '1' }, credentials, ...run });
}

const busy = { code: 'unavailable', title: 'Temporarily unavailable', detail: 'The database cannot be reached.' };

it.each([429, 503])('asks again after %i when Retry-After says so', async (status) => {
  const begunMs = Date.now();
  const { outputs } = await getLead((_, nth) =>
    nth < 3 ? { status, headers: { 'retry-after': '1' }, body: busy } : { status: 200, body: { leadId: '1' } },
  );
  expect(outputs[0]).toMatchObject([{ json: { leadId: '1' } }]);
  expect(server?.asked).toHaveLength(3);
  expect(Date.now() - begunMs).toBeGreaterThanOrEqual(1900);
});

it('asks again when a gateway answers in the place of the router, and does not blame the base URL', async () => {
  const page = { status: 502, body: '<html>Bad gateway</html>' };
  const { outputs } = await getLead((_, nth) => (nth < 2 ? page : { status: 200, body: { leadId: '1' } }));
  expect(outputs[0]).toMatchObject([{ json: { leadId: '1' } }]);
  const failure = describeAnswer({ ...page, headers: {} }, 'https://router.example');
  expect(failure).toMatchObject({ code: 'gateway', retryable: true, isForAll: false });
});

it.each([
  ['without an id of its own has one key for all tries', '', true],
  ['with its own id needs none', 'form-1', false],
])('a lead %s', async (_name, externalId, hasKey) => {
  const lead = { leadId: '1' };
  server = await serveOddly(({ path }, nth) => {
    if (nth < 2) return { status: 504, body: 'Gateway time-out' };
    return { status: 200, body: path.endsWith('/batch') ? { items: [{ status: 201, lead }] } : lead };
  });
  const { outputs } = await runNode({
    type: 'lead',
    parameters: { operation: 'route', source: 'web', externalId, leadFields: { postalCode: '02134' } },
    credentials: { baseUrl: server.baseUrl, apiKey: 'swy_test' },
  });
  expect(outputs[0]).toMatchObject([{ json: lead }]);
  const keys = server.asked.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0] !== undefined).toBe(hasKey);
});

it('waits as Retry-After says, in seconds or until a date, else twice as long each time', () => {
  const nowMs = Date.parse('2026-11-25T12:00:00Z');
  expect(chooseWaitMs(1, '7', nowMs)).toBe(7000);
  expect(chooseWaitMs(1, 'Wed, 25 Nov 2026 12:00:05 GMT', nowMs)).toBe(5000);
  expect([1, 2, 3, 9].map((tries) => chooseWaitMs(tries, undefined, nowMs))).toEqual([1000, 2000, 4000, 30_000]);
});

it('does not try again what was refused for good', async () => {
  const { error } = await getLead(() => ({ status: 422, body: { code: 'invalid_input', title: 'Not valid' } }));
  expect(error?.message).toContain('Not valid');
  expect(server?.asked).toHaveLength(1);
});

it('a wrong key fails 5,000 items with one call, each with its row and what to do', async () => {
  const items = Array.from({ length: 5000 }, (_, n) => ({ n }));
  const body = { code: 'unauthenticated', title: 'No valid API key', detail: 'Send a key.', requestId: 'req-1' };
  const { outputs } = await getLead(() => ({ status: 401, body }), { items, onError: 'continueErrorOutput' });
  expect(outputs[0]).toEqual([]);
  expect(outputs[1]).toHaveLength(5000);
  expect(outputs[1]?.[4999]).toMatchObject({
    json: { n: 4999, error: 'Send a key.', details: { code: 'unauthenticated', httpStatus: 401, requestId: 'req-1' } },
  });
  expect(outputs[1]?.[0]?.json['message']).toContain("'API Key'");
  expect(server?.asked.length).toBeLessThanOrEqual(5);
});

it.each([
  ['a page of something else', { status: 200, body: '<html></html>' }],
  ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example' } }],
  ['a 404 of something else', { status: 404, body: 'not here' }],
])('names the base URL when it gets %s', async (_name, answer) => {
  const { error } = await getLead(() => answer);
  expect(error?.message).toContain('did not answer as Switchyard does');
  expect(error?.description).toContain(server?.baseUrl);
});

it('says that the router cannot be reached, where it looked, and what to check', async () => {
  const credentials = { baseUrl: 'http://127.0.0.1:9/', apiKey: 'swy_test' };
  const parameters = { operation: 'get', leadId: '1' };
  const { error } = await runNode({ type: 'lead', parameters, credentials });
  expect(error?.message).toContain('cannot be reached');
  expect(error?.description).toContain('http://127.0.0.1:9,');
});

it('takes the base URL with blanks and slashes at its end, and sends the key', async () => {
  server = await serveOddly(() => ({ status: 200, body: { leadId: '1' } }));
  const credentials = { baseUrl: ` ${server.baseUrl}// `, apiKey: 'swy_test' };
  const { error } = await runNode({ type: 'lead', parameters: { operation: 'get', leadId: '1' }, credentials });
  expect(error).toBeNull();
  expect(server.asked).toMatchObject([{ path: '/v1/leads/1', headers: { authorization: 'Bearer swy_test' } }]);
});

it('0 items ask nothing and emit nothing', async () => {
  const { outputs } = await getLead(() => ({ status: 200 }), { items: [] });
  expect(outputs.flat()).toEqual([]);
  expect(server?.asked).toEqual([]);
});
