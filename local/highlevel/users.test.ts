import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

let sandbox: TestSandbox;
let companyId: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  companyId = sandbox.brandIds.company;
});
afterAll(() => sandbox.stop());

const manager = {
  firstName: 'Imani',
  lastName: 'Pemberton',
  email: 'imani@otterbrook.example.com',
  password: 'Correct-Horse-42',
  type: 'account',
  role: 'admin',
};

it('a manager is created once, found by e-mail, and given a second sub-account', async () => {
  const [one, two] = [await sandbox.createLocation(), await sandbox.createLocation()];
  const body = { ...manager, companyId, locationIds: [one], permissions: { contactsEnabled: true } };
  const created = await sandbox.call('POST', '/users/', { body });
  expect([created.status, created.json]).toMatchObject([201, { roles: { role: 'admin', locationIds: [one] } }]);
  expect(JSON.stringify(created.json)).not.toContain(manager.password);
  expect((await sandbox.call('POST', '/users/', { body })).status).toBe(400);

  const found = await sandbox.call('POST', '/users/search/filter-by-email', {
    body: { companyId, emails: 'nobody@example.com,IMANI@otterbrook.example.com' },
  });
  expect(found.json.users).toEqual([{ id: created.json.id, email: manager.email }]);

  const { id } = created.json;
  await sandbox.call('PUT', `/users/${id}`, { body: { locationIds: [one, two] } });
  const { json } = await sandbox.call('GET', `/users/search?companyId=${companyId}&locationId=${two}`);
  expect(json.users).toMatchObject([{ id, roles: { locationIds: [one, two] } }]);
  const kept = JSON.stringify(await sandbox.admin('GET', 'export'));
  expect(kept).not.toContain(manager.password);
});

it('a misspelled permission, a weak password and another e-mail are refused', async () => {
  const body = { ...manager, email: 'b@otterbrook.example.com', companyId, locationIds: [] };
  const misspelled = await sandbox.call('POST', '/users/', {
    body: { ...body, permissions: { contactEnabled: true } },
  });
  expect(misspelled.json.message).toEqual(['property permissions.contactEnabled should not exist']);
  expect((await sandbox.call('POST', '/users/', { body: { ...body, password: 'short' } })).status).toBe(422);
  const { json } = await sandbox.call('POST', '/users/', { body });
  const renamed = await sandbox.call('PUT', `/users/${json.id}`, { body: { email: 'c@otterbrook.example.com' } });
  expect(renamed.status).toBe(400);
});
