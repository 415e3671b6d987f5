import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

let sandbox: TestSandbox;
let companyId: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  companyId = sandbox.brandIds.company;
});
afterAll(() => sandbox.stop());

const full = {
  name: 'Otterbrook Plumbing Salem',
  phone: '+19785550123',
  address: '5 Chestnut Street',
  city: 'Salem',
  state: 'MA',
  country: 'US',
  postalCode: '01970',
  website: 'https://otterbrook.example.com/salem',
  timezone: 'US/Eastern',
  prospectInfo: { firstName: 'Ada', lastName: 'Okafor', email: 'ops+salem@otterbrook.example.com' },
  settings: { allowDuplicateContact: false },
};

describe('sub-accounts', () => {
  it('a created one is found by its e-mail, read, changed in part and deleted', async () => {
    const created = await sandbox.call('POST', '/locations/', { body: { ...full, companyId } });
    expect([created.status, created.json]).toMatchObject([200, { companyId, email: full.prospectInfo.email }]);
    const { id } = created.json;

    const found = await sandbox.call(
      'GET',
      `/locations/search?companyId=${companyId}&email=OPS%2Bsalem@otterbrook.example.com`,
    );
    expect(found.json.locations).toMatchObject([{ id, name: full.name }]);

    const changed = await sandbox.call('PUT', `/locations/${id}`, { body: { companyId, phone: '+19785550199' } });
    expect(changed.json).toMatchObject({ phone: '+19785550199', name: full.name, city: 'Salem' });
    const read = await sandbox.call('GET', `/locations/${id}`);
    expect(read.json.location).toMatchObject({ id, firstName: 'Ada', phone: '+19785550199', timezone: 'US/Eastern' });

    const removed = await sandbox.call('DELETE', `/locations/${id}?deleteTwilioAccount=false`);
    expect(removed.json).toMatchObject({ success: true });
    expect((await sandbox.call('GET', `/locations/${id}`)).status).toBe(400);
  });

  it('the same create twice makes two', async () => {
    const prospectInfo = { firstName: 'T', lastName: 'W', email: 'twice@otterbrook.example.com' };
    const ids = [await sandbox.createLocation({ prospectInfo }), await sandbox.createLocation({ prospectInfo })];
    const { json } = await sandbox.call('GET', '/locations/search?email=twice@otterbrook.example.com');
    expect(json.locations.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it('a search answers ten unless asked otherwise, in pages, and no more than a hundred', async () => {
    await sandbox.admin('POST', 'seed', { locations: 25 });
    expect((await sandbox.call('GET', '/locations/search')).json.locations).toHaveLength(10);
    const first = await sandbox.call('GET', '/locations/search?limit=20&skip=0');
    const second = await sandbox.call('GET', '/locations/search?limit=20&skip=20');
    const ids = [...first.json.locations, ...second.json.locations].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await sandbox.call('GET', '/locations/search?limit=101')).status).toBe(400);
  });

  it.each([
    [{ nmae: 'x' }, 'property nmae should not exist'],
    [{ settings: { allowDuplicates: true } }, 'property settings.allowDuplicates should not exist'],
    [{ email: 'x@example.com' }, 'property email should not exist'],
    [{ timezone: 'US/Nowhere' }, 'timezone: is not a valid time zone'],
    [{ city: 7 }, 'city must be a string'],
    [{ settings: 'none' }, 'settings must be a object'],
  ])('a body with %o is refused by name', async (wrong, message) => {
    const { status, json } = await sandbox.call('POST', '/locations/', { body: { name: 'x', companyId, ...wrong } });
    expect([status, json]).toMatchObject([422, { statusCode: 422, message: [message], error: 'Unprocessable Entity' }]);
  });

  it('every missing field is named at once', async () => {
    const { status, json } = await sandbox.call('POST', '/locations/', { body: {} });
    expect(status).toBe(422);
    expect(json.message).toEqual(['name should not be empty', 'companyId should not be empty']);
  });

  it('another plan may not create', async () => {
    await sandbox.admin('PATCH', 'settings', { company: { plan: 'agency_monthly_297' } });
    const { status } = await sandbox.call('POST', '/locations/', { body: { name: 'x', companyId } });
    await sandbox.admin('PATCH', 'settings', { company: { plan: 'agency_monthly_497' } });
    expect(status).toBe(400);
  });

  it('the time zones are read with a token of an existing one', async () => {
    const token = await sandbox.locationToken();
    const { json } = await sandbox.call('GET', `/locations/${sandbox.brandIds.template}/timezones`, { token });
    expect(json.timeZones).toEqual(expect.arrayContaining(['America/New_York', 'US/Central']));
  });

  it('the company is told with its number of sub-accounts', async () => {
    const { json } = await sandbox.call('GET', `/companies/${companyId}`);
    expect(json.company).toMatchObject({ id: companyId, status: 'active', locationCount: expect.any(Number) });
  });
});
