import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.stop());

async function read(path: string): Promise<string> {
  const answer = await fetch(`${sandbox.url}${path}`);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  return answer.text();
}

it('shows the sub-accounts, webhooks, budgets, requests and faults', async () => {
  await sandbox.createLocation({ name: 'Otterbrook Peabody', snapshotId: sandbox.brandIds.snapshot });
  await sandbox.admin('POST', 'faults', { route: 'GET /users/search', kind: 'slow', delayMs: 1234 });
  const page = await read('/');
  for (const text of [
    'Otterbrook Peabody',
    'POST /locations/',
    `company:${sandbox.brandIds.company}`,
    'INSTALL',
    'GET /users/search',
    '1234',
  ]) {
    expect(page).toContain(text);
  }
});

it('shows all that a sub-account holds', async () => {
  const page = await read(`/?location=${sandbox.brandIds.template}`);
  for (const text of [
    'custom_values.location_name',
    'New Lead Welcome',
    'Estimate Visit',
    'review asked',
    'completed',
  ]) {
    expect(page).toContain(text);
  }
  expect((await fetch(`${sandbox.url}/?location=nobody`)).status).toBe(404);
});

it('shows no markup that came from outside, and no token', async () => {
  const id = await sandbox.createLocation({ name: '<script>alert(1)</script>' });
  await sandbox.locationToken(id);
  for (const page of [await read('/'), await read(`/?location=${id}`)]) {
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script');
    expect(page).not.toContain('sandbox-access-');
  }
});

it('shows more sub-accounts than a page holds on further pages', async () => {
  await sandbox.admin('POST', 'seed', { locations: 60 });
  expect(await read('/')).toContain('/?page=1#locations');
  expect(await read('/?page=1')).toContain('Otterbrook Plumbing Template');
});
