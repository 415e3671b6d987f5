import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

let sandbox: TestSandbox;
let template: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  template = sandbox.brandIds.template;
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.admin('PATCH', 'settings', { rateLimits: { enabled: true, burst: 1000 } }));

describe('who may call what', () => {
  it('an unknown token is refused in the documented words', async () => {
    const { status, json } = await sandbox.call('GET', `/locations/${template}`, { token: 'nobody' });
    expect([status, json]).toMatchObject([
      401,
      { statusCode: 401, message: 'Invalid token: access token is invalid', error: 'Unauthorized' },
    ]);
    expect(json.traceId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("the agency's token has no access to what is a sub-account's", async () => {
    const { status, json } = await sandbox.call('GET', `/locations/${template}/timezones`);
    expect([status, json.message]).toEqual([403, 'The token does not have access to this location.']);
  });

  it("a sub-account's token has access to that one alone, and to nothing of the agency's", async () => {
    const token = await sandbox.locationToken();
    const other = await sandbox.createLocation();
    expect((await sandbox.call('GET', `/locations/${template}`, { token })).status).toBe(200);
    expect((await sandbox.call('GET', `/locations/${other}`, { token })).status).toBe(403);
    const create = await sandbox.call('POST', '/locations/', { token, body: { name: 'x', companyId: 'y' } });
    expect(create.status).toBe(401);
  });

  it('a token without the scope is refused', async () => {
    const token = await sandbox.locationToken(template, ['contacts.readonly']);
    const { status, json } = await sandbox.call('GET', `/locations/${template}`, { token });
    expect([status, json.message]).toEqual([401, 'The token is not authorized for this scope.']);
  });

  it('the Version header must be there and be that of the module', async () => {
    const version = (value: string) => sandbox.call('GET', '/locations/search', { headers: { version: value } });
    expect((await version('')).status).toBe(401);
    expect((await version('2021-04-15')).status).toBe(401);
    expect((await version('2021-07-28')).status).toBe(200);
  });

  it('a path in the wrong case is the IAM error', async () => {
    const { status, json } = await sandbox.call('GET', `/locations/${template}/TimeZones`);
    expect([status, json.message]).toEqual([401, expect.stringContaining('not yet supported by the IAM Service')]);
  });

  it('tokens expire', async () => {
    const { access_token: token } = await sandbox.connectApp();
    expect((await sandbox.call('GET', '/locations/search', { token })).status).toBe(200);
    await sandbox.admin('POST', 'tokens/expire');
    expect((await sandbox.call('GET', '/locations/search', { token })).status).toBe(401);
    expect((await sandbox.call('GET', '/locations/search')).status).toBe(200);
  });
});

describe('the rate limits', () => {
  it('count for each company and each sub-account, tell what is left, and refuse the rest', async () => {
    await sandbox.admin('DELETE', 'requests');
    await sandbox.admin('PATCH', 'settings', { rateLimits: { burst: 5, intervalMs: 60_000 } });
    const token = await sandbox.locationToken();
    const answers = [];
    for (let n = 0; n < 7; n++) answers.push(await sandbox.call('GET', `/locations/${template}`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(answers.map(({ headers }) => headers.get('x-ratelimit-remaining')).join(' ')).toBe('4 3 2 1 0 0 0');
    expect(answers[0]?.headers.get('x-ratelimit-max')).toBe('5');
    expect(answers[0]?.headers.get('x-ratelimit-interval-milliseconds')).toBe('60000');
    expect(answers[0]?.headers.get('x-ratelimit-daily-remaining')).toBe('199999');
    expect((await sandbox.call('GET', `/locations/${template}`, { token })).status).toBe(200);

    const { byStatus, byBucket, windows } = await sandbox.admin('GET', 'requests/summary');
    const company = `company:${sandbox.brandIds.company}`;
    expect(byStatus).toEqual({ '200': 6, '429': 2 });
    expect(byBucket).toEqual({ [company]: 7, [`location:${template}`]: 1 });
    expect(windows[company]).toMatchObject([{ used: 5, refused: 2 }]);
  });

  it('begin anew when the window is over', async () => {
    await sandbox.admin('DELETE', 'requests');
    await sandbox.admin('PATCH', 'settings', { rateLimits: { burst: 1, intervalMs: 10_000, timeScale: 1000 } });
    expect((await sandbox.call('GET', '/locations/search')).headers.get('x-ratelimit-interval-milliseconds')).toBe(
      '10',
    );
    await expect.poll(async () => (await sandbox.call('GET', '/locations/search')).status, { timeout: 2000 }).toBe(200);
  });

  it('end for the day when the day is used up', async () => {
    await sandbox.admin('DELETE', 'requests');
    await sandbox.admin('PATCH', 'settings', { rateLimits: { burst: 100, daily: 2, timeScale: 1 } });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await sandbox.call('GET', '/locations/search')).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});
