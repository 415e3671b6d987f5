import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

const EMAIL = 'marker@otterbrook.example.com';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.admin('POST', 'reset'));

const prospectInfo = { firstName: 'M', lastName: 'K', email: EMAIL };
const create = () => sandbox.createLocation({ prospectInfo });
const arm = (fault: Record<string, unknown>) =>
  sandbox.admin('POST', 'faults', { route: 'POST /locations/', ...fault });

async function countCreated(): Promise<number> {
  const { json } = await sandbox.call('GET', `/locations/search?email=${EMAIL}`);
  return json.locations.length;
}

describe('faults', () => {
  it.each([429, 500, 502, 403])('%i is answered and nothing done, so often as asked', async (status) => {
    await arm({ kind: 'status', status, count: 2 });
    await expect(create()).rejects.toThrow(String(status));
    await expect(create()).rejects.toThrow(String(status));
    await create();
    expect(await countCreated()).toBe(1);
  });

  it('a connection that is reset before the work leaves nothing', async () => {
    await arm({ kind: 'reset-before' });
    await expect(create()).rejects.toThrow('fetch failed');
    expect(await countCreated()).toBe(0);
  });

  it('a connection that is reset after the work leaves the sub-account, found by its e-mail', async () => {
    await arm({ kind: 'reset-after' });
    await expect(create()).rejects.toThrow('fetch failed');
    expect(await countCreated()).toBe(1);
  });

  it('a 422 although done leaves the sub-account', async () => {
    await arm({ kind: 'status-after', status: 422 });
    await expect(create()).rejects.toThrow('422');
    expect(await countCreated()).toBe(1);
  });

  it.each([
    ['hang', 0],
    ['hang-after', 1],
  ])('%s never answers', async (kind, made) => {
    await arm({ kind });
    const asked = fetch(`${sandbox.url}/locations/`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer pit-00000000-test-agency',
        version: '2021-07-28',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name: 'x', companyId: sandbox.brandIds.company, prospectInfo }),
      signal: AbortSignal.timeout(200),
    });
    await expect(asked).rejects.toThrow('timeout');
    expect(await countCreated()).toBe(made);
  });

  it('slow answers late', async () => {
    await arm({ kind: 'slow', delayMs: 50 });
    const startedAt = performance.now();
    await create();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
  });

  it('a search can lag behind a create', async () => {
    await create();
    const fault = { route: 'GET /locations/search', kind: 'search-lag', lagMs: 60_000 };
    await sandbox.admin('POST', 'faults', fault);
    expect(await countCreated()).toBe(0);
    expect(await countCreated()).toBe(1);
  });

  it('a route may be written as the document writes it, and a fault may let some pass', async () => {
    const fault = { route: 'GET /locations/{locationId}', kind: 'status', status: 500, skip: 1 };
    await sandbox.admin('POST', 'faults', fault);
    const get = async () => (await sandbox.call('GET', `/locations/${sandbox.brandIds.template}`)).status;
    expect([await get(), await get(), await get()]).toEqual([200, 500, 200]);
  });

  it('a fault of no kind is refused with a reason', async () => {
    await expect(arm({ kind: 'flood' })).rejects.toThrow('kind');
  });
});
