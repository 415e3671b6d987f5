import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

let sandbox: TestSandbox;
let locationId: string;
let token: string;
let nowMs = Date.parse('2026-05-01T12:00:00Z');

beforeAll(async () => {
  sandbox = await startTestSandbox({ nowMs: () => nowMs });
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  locationId = await sandbox.createLocation();
  token = await sandbox.locationToken(locationId);
  nowMs += 60_000;
});

const ada = { firstName: 'Ada', lastName: 'Okafor', email: 'Ada@Example.com', phone: '(617) 555-0123' };

function upsert(fields: Record<string, unknown>) {
  return sandbox.call('POST', '/contacts/upsert', { token, body: { locationId, ...fields } });
}

function search(fields: Record<string, unknown>) {
  return sandbox.call('POST', '/contacts/search', { token, body: { locationId, pageLimit: 20, ...fields } });
}

async function listEvents(): Promise<string[]> {
  const { webhooks } = await sandbox.admin('GET', 'webhooks?limit=200');
  const told = webhooks.map(({ body }: { body: unknown }) => (typeof body === 'string' ? JSON.parse(body) : body));
  const own = told.filter((event: { locationId?: string }) => event.locationId === locationId);
  return own.map(({ type }: { type: string }) => type).filter((type: string) => type !== 'INSTALL');
}

describe('an upsert', () => {
  it('makes a contact once, whatever case the e-mail has and however the phone is written', async () => {
    const first = await upsert(ada);
    expect(first.json).toMatchObject({ new: true, contact: { email: 'ada@example.com', phone: '+16175550123' } });
    const { id } = first.json.contact;
    expect((await upsert({ email: 'ADA@example.com', city: 'Boston' })).json).toMatchObject({
      new: false,
      contact: { id, firstName: 'Ada', city: 'Boston' },
    });
    expect((await upsert({ phone: '+1 617-555-0123', lastName: 'Obi' })).json).toMatchObject({
      new: false,
      contact: { id, lastName: 'Obi' },
    });
  });

  it('overwrites the tags that it is given, and leaves them when it is given none', async () => {
    await upsert({ ...ada, tags: ['New Lead', 'vip'] });
    expect((await upsert({ email: ada.email })).json.contact.tags).toEqual(['new lead', 'vip']);
    expect((await upsert({ email: ada.email, tags: ['other'] })).json.contact.tags).toEqual(['other']);
  });

  it('that matches two contacts changes the one with the e-mail and ignores the phone', async () => {
    const byEmail = (await upsert({ email: 'one@example.com', phone: '+16175550101' })).json.contact.id;
    const byPhone = (await upsert({ email: 'two@example.com', phone: '+16175550102' })).json.contact.id;
    const { json } = await upsert({ email: 'one@example.com', phone: '+16175550102', city: 'Salem' });
    expect(json).toMatchObject({ new: false, contact: { id: byEmail, phone: '+16175550101', city: 'Salem' } });
    const other = await sandbox.call('GET', `/contacts/${byPhone}`, { token });
    expect(other.json.contact).toMatchObject({ phone: '+16175550102' });
  });

  it('makes another only where the sub-account allows duplicates and it is asked for', async () => {
    await upsert(ada);
    expect((await upsert({ ...ada, createNewIfDuplicateAllowed: true })).json.new).toBe(false);
    const settings = { allowDuplicateContact: true };
    await sandbox.call('PUT', `/locations/${locationId}`, {
      body: { companyId: sandbox.brandIds.company, settings },
    });
    expect((await upsert({ ...ada, createNewIfDuplicateAllowed: true })).json.new).toBe(true);
  });

  it('with a misspelled field, a foreign custom field or a foreign user changes nothing', async () => {
    expect((await upsert({ ...ada, postcode: '02110' })).json.message).toContain('property postcode should not exist');
    expect((await upsert({ ...ada, customFields: [{ id: 'nope', field_value: 'x' }] })).status).toBe(422);
    expect((await upsert({ ...ada, assignedTo: sandbox.brandIds.owner })).status).toBe(400);
    expect((await search({})).json.total).toBe(0);
  });
});

describe('a contact', () => {
  it('cannot be created twice, nor be given the address of another', async () => {
    const body = { locationId, ...ada };
    const created = await sandbox.call('POST', '/contacts/', { token, body });
    expect(created.status).toBe(201);
    expect((await sandbox.call('POST', '/contacts/', { token, body })).status).toBe(400);
    const other = (await upsert({ email: 'other@example.com' })).json.contact.id;
    const taken = await sandbox.call('PUT', `/contacts/${other}`, { token, body: { email: ada.email } });
    expect(taken.status).toBe(400);
    const { id } = created.json.contact;
    const changed = await sandbox.call('PUT', `/contacts/${id}`, { token, body: { email: 'new@example.com' } });
    expect(changed.json).toMatchObject({ succeded: true, contact: { email: 'new@example.com' } });
    const found = await sandbox.call('GET', `/contacts/search/duplicate?locationId=${locationId}&email=${ada.email}`, {
      token,
    });
    expect(found.json.contact).toBeNull();
  });

  it('keeps its other tags and custom values when one is added, and is gone when deleted', async () => {
    const fields = await sandbox.call('POST', `/locations/${locationId}/customFields`, {
      token,
      body: { name: 'Roof', dataType: 'TEXT' },
    });
    const customFields = [{ id: fields.json.customField.id, field_value: 'slate' }];
    const { id } = (await upsert({ ...ada, tags: ['a'], customFields })).json.contact;
    const path = `/contacts/${id}`;
    const added = await sandbox.call('POST', `${path}/tags`, { token, body: { tags: ['B', 'a'] } });
    expect(added).toMatchObject({ status: 201, json: { tags: ['a', 'b'] } });
    const removed = await sandbox.call('DELETE', `${path}/tags`, { token, body: { tags: ['a'] } });
    expect(removed.json.tags).toEqual(['b']);
    const { json } = await sandbox.call('GET', path, { token });
    expect(json.contact.customFields).toEqual([{ id: fields.json.customField.id, value: 'slate' }]);
    const note = await sandbox.call('POST', `${path}/notes`, { token, body: { body: 'Rang twice' } });
    expect(note).toMatchObject({ status: 201, json: { note: { contactId: id, body: 'Rang twice' } } });
    expect((await sandbox.call('GET', `${path}/notes`, { token })).json.notes).toHaveLength(1);
    expect((await sandbox.call('DELETE', path, { token })).json).toMatchObject({ succeded: true });
    expect((await sandbox.call('GET', path, { token })).status).toBe(400);
    expect((await upsert({ phone: ada.phone })).json.new).toBe(true);
  });

  it('is told of, our own writes included', async () => {
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: 'http://127.0.0.1:9/unheard' } });
    const { id } = (await upsert({ ...ada, tags: ['a'] })).json.contact;
    await sandbox.call('POST', `/contacts/${id}/tags`, { token, body: { tags: ['b'] } });
    await upsert({ email: ada.email, city: 'Salem', dnd: true });
    await upsert({ email: ada.email, city: 'Salem' });
    await sandbox.call('DELETE', `/contacts/${id}`, { token });
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: null } });
    const types = new Set(await listEvents());
    const told = ['ContactCreate', 'ContactDelete', 'ContactDndUpdate', 'ContactTagUpdate', 'ContactUpdate'];
    expect([...types].toSorted()).toEqual(told);
  });

  it('is enrolled in a published workflow of its own sub-account', async () => {
    const template = sandbox.brandIds.template;
    const own = await sandbox.locationToken();
    const { json } = await sandbox.call('GET', `/workflows/?locationId=${template}`, { token: own });
    const idOf = (status: string) => json.workflows.find((one: { status: string }) => one.status === status).id;
    const made = await sandbox.call('POST', '/contacts/upsert', { token: own, body: { locationId: template, ...ada } });
    const path = `/contacts/${made.json.contact.id}/workflow`;
    const enrol = (id: string) => sandbox.call('POST', `${path}/${id}`, { token: own, body: {} });
    expect((await enrol(idOf('published'))).json).toMatchObject({ succeded: true });
    expect((await enrol(idOf('draft'))).status).toBe(400);
    expect((await sandbox.call('DELETE', `${path}/${idOf('published')}`, { token: own, body: {} })).status).toBe(200);
    const foreign = (await upsert(ada)).json.contact.id;
    const elsewhere = `/contacts/${foreign}/workflow/${idOf('published')}`;
    expect((await sandbox.call('POST', elsewhere, { token, body: {} })).status).toBe(400);
  });
});

describe('a search', () => {
  it('filters, sorts and goes on from a cursor', async () => {
    for (const [index, tag] of ['x', 'y', 'x', 'x'].entries()) {
      nowMs += 1000;
      await upsert({ email: `c${index}@example.com`, firstName: `C${index}`, tags: [tag] });
    }
    const tagged = { field: 'tags', operator: 'eq', value: ['x'] };
    const first = await search({ filters: [tagged], pageLimit: 2 });
    const emails = (answer: typeof first) => answer.json.contacts.map(({ email }: { email: string }) => email);
    expect([emails(first), first.json.total]).toEqual([['c3@example.com', 'c2@example.com'], 3]);
    const { searchAfter } = first.json.contacts[1];
    expect(emails(await search({ filters: [tagged], pageLimit: 2, searchAfter }))).toEqual(['c0@example.com']);
    expect(emails(await search({ filters: [tagged], pageLimit: 2, page: 2 }))).toEqual(['c0@example.com']);
    const since = { field: 'dateAdded', operator: 'range', value: { gte: new Date(nowMs).toISOString() } };
    expect(emails(await search({ filters: [since] }))).toEqual(['c3@example.com']);
    const either = { group: 'OR', filters: [{ field: 'email', operator: 'contains', value: 'c1@' }, since] };
    expect(emails(await search({ filters: [either], sort: [{ field: 'dateAdded', direction: 'asc' }] }))).toEqual([
      'c1@example.com',
      'c3@example.com',
    ]);
  });

  it('for a field that it does not know is refused, and lags when told to', async () => {
    const unknown = { field: 'shoeSize', operator: 'eq', value: 1 };
    expect((await search({ filters: [unknown] })).json.message).toBe('Invalid filter field shoeSize');
    await upsert(ada);
    await sandbox.admin('POST', 'faults', { route: 'POST /contacts/search', kind: 'search-lag', lagMs: 5000 });
    expect((await search({})).json.total).toBe(0);
    expect((await search({})).json.total).toBe(1);
  });
});
