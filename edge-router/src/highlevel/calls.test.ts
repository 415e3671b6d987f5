// The calls about what is in a sub-account, against the sandbox, which holds every request and answer against HighLevel's
// documents: `test.stop` throws when one is not as they have it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import type { Result } from '../rules/result.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import * as calendars from './calls/calendars.ts';
import * as contacts from './calls/contacts.ts';
import * as customisation from './calls/customisation.ts';
import * as opportunities from './calls/opportunities.ts';
import { createUser, deleteUser, findUsersByEmail } from './calls/users.ts';
import { listWorkflows } from './calls/workflows.ts';
import type { HighlevelCaller } from './caller.ts';
import type { HighlevelError } from './rules/failure.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let caller: HighlevelCaller;
/** A sub-account as a snapshot leaves it. */
let ghlLocationId: string;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis });
  caller = test.callerFor();
  const seeded = (await test.sandbox.admin('POST', 'seed', { locations: 1 })) as { locationIds: [string] };
  [ghlLocationId] = seeded.locationIds;
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

async function valueOf<T>(sent: Promise<Result<T, HighlevelError>>): Promise<T> {
  const result = await sent;
  if (!result.ok) throw new Error(`the call failed: ${JSON.stringify(result.error)}`);
  return result.value;
}

let made = 0;
const makeEmail = (): string => `ann-${made++}@example.com`;

async function createContact(): Promise<contacts.OfContact> {
  const { contact } = await valueOf(contacts.upsertContact(caller, { ghlLocationId, email: makeEmail() }));
  return { ghlLocationId, contactId: contact.id };
}

async function createManager(): Promise<string> {
  const { id } = await valueOf(
    createUser(caller, {
      spentFrom: { ghlLocationId },
      firstName: 'Sam',
      lastName: 'Okafor',
      email: makeEmail(),
      password: 'A-secret-for-once-1!',
      type: 'account',
      role: 'user',
      locationIds: [ghlLocationId],
    }),
  );
  return id;
}

async function findByName<T extends { readonly name: string | null }>(
  listed: Promise<Result<T[], HighlevelError>>,
  name: string,
): Promise<T> {
  const found = (await valueOf(listed)).find((item) => item.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

describe('custom values', () => {
  it('come with a snapshot as keys without values, and are given them', async () => {
    const link = await findByName(customisation.listCustomValues(caller, ghlLocationId), 'Review Link');
    expect(link).toMatchObject({ fieldKey: '{{ custom_values.review_link }}', value: '' });
    const given = { ghlLocationId, id: link.id, name: 'Review Address', value: 'https://example.com/review' };
    const changed = await valueOf(customisation.updateCustomValue(caller, given));
    expect(changed).toEqual({ ...link, name: given.name, value: given.value });
    expect(await valueOf(customisation.listCustomValues(caller, ghlLocationId))).toContainEqual(changed);
  });

  it('are made where they are missing, and not twice', async () => {
    const given = { ghlLocationId, name: 'Unit', value: '7' };
    const unit = await valueOf(customisation.createCustomValue(caller, given));
    expect(unit).toMatchObject({ name: 'Unit', fieldKey: '{{ custom_values.unit }}', value: '7' });
    expect(await customisation.createCustomValue(caller, given)).toMatchObject({ error: { kind: 'invalid' } });
  });
});

describe('custom fields', () => {
  it('are listed by what they belong to', async () => {
    const list = (model?: 'contact' | 'opportunity') =>
      valueOf(customisation.listCustomFields(caller, ghlLocationId, model));
    const value = expect.objectContaining({ fieldKey: 'opportunity.job_value', model: 'opportunity' });
    const service = expect.objectContaining({ fieldKey: 'contact.service_needed', dataType: 'SINGLE_OPTIONS' });
    expect(await list('opportunity')).toEqual([value]);
    expect(await list('contact')).toContainEqual(service);
    expect(await list()).toEqual(expect.arrayContaining([value, service]));
  });
});

describe('tags', () => {
  it('are made and listed', async () => {
    const tag = await valueOf(customisation.createTag(caller, { ghlLocationId, name: 'vip' }));
    expect(await valueOf(customisation.listTags(caller, ghlLocationId))).toContainEqual(tag);
  });
});

describe('calendars', () => {
  it('come with a snapshot without a team, and are given one, hours and a group', async () => {
    const group = { ghlLocationId, name: 'Visits', description: 'Home visits', slug: 'visits' };
    const { id: groupId } = await valueOf(calendars.createCalendarGroup(caller, group));
    expect(await valueOf(calendars.listCalendarGroups(caller, ghlLocationId))).toMatchObject([
      { id: groupId, name: 'Visits', slug: 'visits', isActive: true },
    ]);
    const visit = await findByName(calendars.listCalendars(caller, ghlLocationId), 'Estimate Visit');
    expect(visit).toMatchObject({ calendarType: 'round_robin', teamMembers: [], groupId: null });
    const userId = await createManager();
    const hours = [{ openHour: 8, openMinute: 0, closeHour: 17, closeMinute: 30 }];
    const changed = await valueOf(
      calendars.updateCalendar(caller, {
        ghlLocationId,
        calendarId: visit.id,
        groupId,
        teamMembers: [{ userId, priority: 1, isPrimary: true }],
        openHours: [{ daysOfTheWeek: [1], hours }],
      }),
    );
    expect(changed).toMatchObject({ id: visit.id, groupId, teamMembers: [{ userId }], isActive: true });
  });

  it('are made and deleted', async () => {
    const given = { ghlLocationId, name: 'Inspections', calendarType: 'event' } as const;
    const { id: calendarId } = await valueOf(calendars.createCalendar(caller, given));
    expect(await valueOf(calendars.deleteCalendar(caller, { ghlLocationId, calendarId }))).toBe(true);
    expect(await calendars.deleteCalendar(caller, { ghlLocationId, calendarId })).toMatchObject({
      error: { kind: 'not_found' },
    });
  });
});

describe('a contact', () => {
  it('is made, found again by its e-mail, and read, with its custom fields', async () => {
    const fields = await valueOf(customisation.listCustomFields(caller, ghlLocationId, 'contact'));
    const fieldId = fields.find(({ fieldKey }) => fieldKey === 'contact.routed_by')?.id ?? '';
    const email = makeEmail();
    const given = {
      ghlLocationId,
      firstName: 'Ann',
      email,
      phone: '+16175550123',
      dnd: true,
      tags: ['New Lead'],
      customFields: [{ id: fieldId, field_value: 'territory' }],
    };
    const first = await valueOf(contacts.upsertContact(caller, given));
    const again = await valueOf(contacts.upsertContact(caller, { ...given, city: 'Salem' }));
    expect([first.isNew, again.isNew, again.contact.id]).toEqual([true, false, first.contact.id]);
    const read = await valueOf(contacts.getContact(caller, { ghlLocationId, contactId: first.contact.id }));
    expect(read).toMatchObject({
      email,
      phone: '+16175550123',
      city: 'Salem',
      dnd: true,
      tags: ['new lead'],
      customFields: [{ id: fieldId, value: 'territory' }],
      assignedTo: null,
    });
  });

  it('is changed and deleted', async () => {
    const of = await createContact();
    expect(await valueOf(contacts.updateContact(caller, { ...of, city: 'Lynn' }))).toMatchObject({ city: 'Lynn' });
    expect(await valueOf(contacts.deleteContact(caller, of))).toBe(true);
    expect(await contacts.getContact(caller, of)).toMatchObject({ error: { kind: 'not_found', status: 400 } });
  });

  it('is given tags one by one, which an upsert would overwrite', async () => {
    const of = await createContact();
    await valueOf(contacts.addContactTags(caller, { ...of, tags: ['vip', 'booked'] }));
    expect(await valueOf(contacts.addContactTags(caller, { ...of, tags: ['vip'] }))).toEqual(['vip', 'booked']);
    expect(await valueOf(contacts.removeContactTags(caller, { ...of, tags: ['vip'] }))).toEqual(['booked']);
    const { email } = await valueOf(contacts.getContact(caller, of));
    const upserted = contacts.upsertContact(caller, { ghlLocationId, email: email ?? '', tags: ['won'] });
    expect((await valueOf(upserted)).contact.tags).toEqual(['won']);
  });

  it('is given a note and enrolled in a workflow that is published', async () => {
    const of = await createContact();
    const note = await valueOf(contacts.createContactNote(caller, { ...of, text: 'Routed by territory' }));
    expect(note.id).not.toBe('');
    const listed = listWorkflows(caller, ghlLocationId);
    const welcome = await findByName(listed, 'New Lead Welcome');
    const draft = await findByName(listed, 'Seasonal Campaign');
    expect([welcome.status, draft.status]).toEqual(['published', 'draft']);
    expect(await valueOf(contacts.addContactToWorkflow(caller, { ...of, workflowId: welcome.id }))).toBe(true);
    const refused = await contacts.addContactToWorkflow(caller, { ...of, workflowId: draft.id });
    expect(refused).toMatchObject({ error: { kind: 'invalid' } });
  });

  it('is searched by what it has, in pages', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const of = await createContact();
      await valueOf(contacts.addContactTags(caller, { ...of, tags: ['searched'] }));
      ids.push(of.contactId);
    }
    const search = (page: number) =>
      valueOf(
        contacts.searchContacts(caller, {
          ghlLocationId,
          filters: [{ field: 'tags', operator: 'eq', value: 'searched' }],
          sort: [{ field: 'dateAdded', direction: 'asc' }],
          pageLimit: 2,
          page,
        }),
      );
    const pages = [await search(1), await search(2), await search(3)];
    expect(pages.map(({ total, contacts: found }) => [total, found.length])).toEqual([
      [3, 2],
      [3, 1],
      [3, 0],
    ]);
    expect(new Set(pages.flatMap(({ contacts: found }) => found.map(({ id }) => id)))).toEqual(new Set(ids));
  });

  it('that an upsert would find is told before, by e-mail or phone', async () => {
    const of = await createContact();
    const { email } = await valueOf(contacts.updateContact(caller, { ...of, phone: '+16175550177' }));
    const find = (by: { email?: string; phone?: string }) =>
      valueOf(contacts.findDuplicateContact(caller, { ghlLocationId, ...by }));
    expect(await find({ email: email ?? '' })).toMatchObject({ id: of.contactId });
    expect(await find({ phone: '+16175550177' })).toMatchObject({ id: of.contactId });
    expect(await find({ email: 'nobody@example.com' })).toBeNull();
  });
});

describe('an opportunity', () => {
  it('goes through its pipeline to its end', async () => {
    const { contactId } = await createContact();
    const pipeline = await findByName(opportunities.listPipelines(caller, ghlLocationId), 'New Leads');
    const [stage, nextStage] = pipeline.stages;
    const given = { ghlLocationId, contactId, pipelineId: pipeline.id, name: 'Ann', status: 'open' } as const;
    const created = await valueOf(opportunities.createOpportunity(caller, given));
    expect(created).toMatchObject({ pipelineStageId: stage?.id, status: 'open', contactId, monetaryValue: 0 });
    const of = { ghlLocationId, opportunityId: created.id };
    const pipelineStageId = nextStage?.id ?? '';
    const moved = opportunities.updateOpportunity(caller, { ...of, pipelineStageId, monetaryValue: 120 });
    expect(await valueOf(moved)).toMatchObject({ pipelineStageId, monetaryValue: 120 });
    expect(await valueOf(opportunities.updateOpportunityStatus(caller, { ...of, status: 'won' }))).toBe(true);
    expect(await valueOf(opportunities.getOpportunity(caller, of))).toMatchObject({ status: 'won', pipelineStageId });
    const again = await opportunities.createOpportunity(caller, given);
    expect(again).toMatchObject({ error: { kind: 'invalid' } });
  });

  it('is searched by its contact, and all of them in pages', async () => {
    const pipeline = await findByName(opportunities.listPipelines(caller, ghlLocationId), 'Maintenance Plans');
    const contactIds: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { contactId } = await createContact();
      const given = { ghlLocationId, contactId, pipelineId: pipeline.id, name: `Plan ${n}`, status: 'open' } as const;
      await valueOf(opportunities.createOpportunity(caller, given));
      contactIds.push(contactId);
    }
    const search = { ghlLocationId, pipelineId: pipeline.id, status: 'all', limit: 2 } as const;
    const first = await valueOf(opportunities.searchOpportunities(caller, search));
    if (!first.next) throw new Error('there is no next page');
    const second = await valueOf(opportunities.searchOpportunities(caller, { ...search, after: first.next }));
    const found = [first, second].map((page) => page.opportunities.map(({ contactId }) => contactId));
    expect(found.map(({ length }) => length)).toEqual([2, 1]);
    expect(new Set(found.flat())).toEqual(new Set(contactIds));
    const [contactId = ''] = contactIds;
    const ofOne = await valueOf(opportunities.searchOpportunities(caller, { ghlLocationId, contactId }));
    expect(ofOne.opportunities).toMatchObject([{ contactId, name: 'Plan 0' }]);
  });
});

describe('a user', () => {
  it('is deleted', async () => {
    const userId = await createManager();
    expect(await valueOf(deleteUser(caller, { userId, spentFrom: { ghlLocationId } }))).toBe(true);
    expect(await valueOf(findUsersByEmail(caller, `ann-${made - 1}@example.com`))).toEqual([]);
  });
});

it('a request with one field misspelt is refused, and the field named', async () => {
  const { contactId } = await createContact();
  const sent = caller.send({
    endpoint: 'addContactTags',
    credential: { kind: 'location', ghlLocationId },
    path: { contactId },
    body: { tags: ['vip'], tagz: ['vip'] },
    answer: z.unknown(),
  });
  expect(await sent).toMatchObject({
    error: { kind: 'invalid', status: 422, messages: ['property tagz should not exist'] },
  });
});

/** What HighLevel's documents allow and the sandbox does not do. */
describe('an answer', () => {
  const answered = async (answer: unknown): Promise<HighlevelCaller> => {
    const asDocumented = (url: string, init: RequestInit): Promise<Response> =>
      url.includes('/oauth/') ? fetch(url, init) : Promise.resolve(Response.json(answer));
    const { highlevel } = await test.startAnother({ fetch: asDocumented });
    return highlevel.callerFor({ share: 'interactive', row: 'test' });
  };

  it('that leaves out what is empty has it as null and as empty lists', async () => {
    const contact = await contacts.getContact(await answered({ contact: { id: 'c1' } }), {
      ghlLocationId,
      contactId: 'c1',
    });
    expect(contact).toMatchObject({ value: { id: 'c1', email: null, dnd: null, tags: [], customFields: [] } });
    const listed = calendars.listCalendars(await answered({ calendars: [{ id: 'k1', name: null }] }), ghlLocationId);
    expect(await listed).toMatchObject({ value: [{ id: 'k1', name: null, isActive: null, teamMembers: [] }] });
  });

  it.each(['succeded', 'succeeded', 'success'])('that spells it %s says whether it was done', async (word) => {
    const deleted = contacts.deleteContact(await answered({ [word]: false }), { ghlLocationId, contactId: 'c1' });
    expect(await deleted).toEqual({ ok: true, value: false });
  });
});
