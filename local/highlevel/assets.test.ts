// What a sub-account has of its own: custom values and fields, tags, calendars and their groups, pipelines, workflows.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

let sandbox: TestSandbox;
let token: string;
let locationId: string;
let otherToken: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  locationId = sandbox.brandIds.template;
  token = await sandbox.locationToken();
  otherToken = await sandbox.locationToken(await sandbox.createLocation());
});
afterAll(() => sandbox.stop());

it('a custom value keeps its key whatever it is called, and its key is taken once', async () => {
  const path = `/locations/${locationId}/customValues`;
  const made = await sandbox.call('POST', path, { token, body: { name: 'Parking Hint', value: 'Behind the house' } });
  expect(made).toMatchObject({ status: 201, json: { customValue: { fieldKey: '{{ custom_values.parking_hint }}' } } });
  const again = await sandbox.call('POST', path, { token, body: { name: 'parking hint', value: '' } });
  expect(again.status).toBe(400);
  const { id } = made.json.customValue;
  const renamed = await sandbox.call('PUT', `${path}/${id}`, { token, body: { name: 'Where to park', value: 'Yard' } });
  expect(renamed.json.customValue).toMatchObject({ id, value: 'Yard', fieldKey: '{{ custom_values.parking_hint }}' });
  const listed = await sandbox.call('GET', path, { token });
  expect(listed.json.customValues).toContainEqual(renamed.json.customValue);
  expect((await sandbox.call('DELETE', `${path}/${id}`, { token })).json).toMatchObject({ succeded: true });
  expect((await sandbox.call('GET', `${path}/${id}`, { token })).status).toBe(400);
});

it('a value without its name, or with one more field, is refused by name', async () => {
  const path = `/locations/${locationId}/customValues`;
  const { status, json } = await sandbox.call('POST', path, { token, body: { value: 'x', key: 'y' } });
  expect([status, json.message]).toEqual([422, expect.arrayContaining(['property key should not exist'])]);
});

it('what belongs to one sub-account is closed to another, and to the agency', async () => {
  const path = `/locations/${locationId}/customValues`;
  expect((await sandbox.call('GET', path, { token: otherToken })).status).toBe(403);
  expect((await sandbox.call('GET', path)).status).toBe(403);
  const { json } = await sandbox.call('GET', `/calendars/?locationId=${locationId}`, { token });
  const foreign = await sandbox.call('GET', `/calendars/${json.calendars[0].id}`, { token: otherToken });
  expect(foreign.status).toBe(400);
});

it('custom fields are listed by what they belong to, and keep kind and key', async () => {
  const path = `/locations/${locationId}/customFields`;
  const body = {
    name: 'Roof Kind',
    dataType: 'SINGLE_OPTIONS',
    textBoxListOptions: [{ label: 'flat' }, { label: 'steep' }],
  };
  const { status, json } = await sandbox.call('POST', path, { token, body });
  expect([status, json.customField]).toMatchObject([
    201,
    { fieldKey: 'contact.roof_kind', picklistOptions: ['flat', 'steep'], model: 'contact' },
  ]);
  expect((await sandbox.call('POST', path, { token, body })).status).toBe(400);
  const renamed = await sandbox.call('PUT', `${path}/${json.customField.id}`, {
    token,
    body: { name: 'Kind of roof' },
  });
  expect(renamed.json.customField).toMatchObject({ fieldKey: 'contact.roof_kind', dataType: 'SINGLE_OPTIONS' });
  const ofDeals = await sandbox.call('GET', `${path}?model=opportunity`, { token });
  expect(ofDeals.json.customFields.map((field: { fieldKey: string }) => field.fieldKey)).toEqual([
    'opportunity.job_value',
  ]);
  await sandbox.call('DELETE', `${path}/${json.customField.id}`, { token });
  expect((await sandbox.call('GET', `${path}/${json.customField.id}`, { token })).status).toBe(400);
});

it('tags are kept in small letters, once each', async () => {
  const path = `/locations/${locationId}/tags`;
  const { json } = await sandbox.call('POST', path, { token, body: { name: ' VIP ' } });
  expect(json.tag).toMatchObject({ name: 'vip', locationId });
  expect((await sandbox.call('POST', path, { token, body: { name: 'vip' } })).status).toBe(400);
  const one = `${path}/${json.tag.id}`;
  await sandbox.call('PUT', one, { token, body: { name: 'Regular' } });
  expect((await sandbox.call('GET', one, { token })).json.tag.name).toBe('regular');
  expect((await sandbox.call('DELETE', one, { token })).json).toMatchObject({ succeded: true });
});

it('a calendar gets a team of its own sub-account only', async () => {
  const user = {
    firstName: 'Cal',
    lastName: 'Ender',
    email: 'cal.ender@otterbrook.example.com',
    password: 'Long-enough-1!',
    type: 'account',
    role: 'user',
    companyId: sandbox.brandIds.company,
    locationIds: [locationId],
  };
  const { json: member } = await sandbox.call('POST', '/users/', { body: user });
  const body = { locationId, name: 'Site Visit', calendarType: 'round_robin', slotDuration: 45 };
  const made = await sandbox.call('POST', '/calendars/', { token, body });
  const path = `/calendars/${made.json.calendar.id}`;
  const put = (userId: string) => sandbox.call('PUT', path, { token, body: { teamMembers: [{ userId }] } });
  expect((await put('nobody')).status).toBe(400);
  expect((await put(member.id)).json.calendar).toMatchObject({
    slotDuration: 45,
    teamMembers: [{ userId: member.id }],
  });
  expect((await sandbox.call('GET', path, { token })).json.calendar.teamMembers).toEqual([{ userId: member.id }]);
  expect((await sandbox.call('DELETE', path, { token })).json).toMatchObject({ success: true });
  expect((await sandbox.call('PUT', path, { token, body: { appointmentPerSlot: 1 } })).status).toBe(422);
});

it('a group has a slug of its own and can be switched off', async () => {
  const body = { locationId, name: 'Visits', description: 'All visits', slug: 'visits' };
  const { json } = await sandbox.call('POST', '/calendars/groups', { token, body });
  expect((await sandbox.call('POST', '/calendars/groups', { token, body })).status).toBe(422);
  const slug = { locationId, slug: 'visits' };
  const free = await sandbox.call('POST', '/calendars/groups/validate-slug', { token, body: slug });
  expect(free.json).toMatchObject({ available: false });
  const path = `/calendars/groups/${json.group.id}`;
  await sandbox.call('PUT', `${path}/status`, { token, body: { isActive: false } });
  const listed = await sandbox.call('GET', `/calendars/groups?locationId=${locationId}`, { token });
  expect(listed.json.groups).toMatchObject([{ slug: 'visits', isActive: false }]);
  const renamed = { name: 'Calls', description: '', slug: 'calls' };
  expect((await sandbox.call('PUT', path, { token, body: renamed })).json.group).toMatchObject(renamed);
  expect((await sandbox.call('DELETE', path, { token })).json).toMatchObject({ success: true });
});

it('pipelines and workflows are listed with ids of the sub-account’s own', async () => {
  const own = await sandbox.call('GET', `/opportunities/pipelines?locationId=${locationId}`, { token });
  expect(own.json.pipelines[0]).toMatchObject({ name: 'New Leads', stages: expect.arrayContaining([]) });
  expect(own.json.pipelines[0].stages[0]).toMatchObject({ name: 'New', position: 0 });
  const workflows = await sandbox.call('GET', `/workflows/?locationId=${locationId}`, { token });
  const welcome = workflows.json.workflows.find(({ name }: { name: string }) => name === 'New Lead Welcome');
  expect(welcome).toMatchObject({ status: 'published', version: 1, locationId });
});
