// Opportunities. Where the sub-account allows no duplicates, a contact has one in each pipeline: HighLevel does not say what a second
// create answers, so the sandbox refuses it. Search parameters are in snake_case.

import * as z from 'zod';
import { badRequest, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { contactName } from './contact-events.ts';
import { contactsTable } from './contacts-table.ts';
import { findOwned } from './find-owned.ts';
import { readLocation } from './locations-table.ts';
import { pipelinesTable } from './pipelines.ts';
import { usersTable } from './users.ts';
import { wholeNumber } from './whole-number.ts';

const MAX_LIMIT = 100;

type Status = 'open' | 'won' | 'lost' | 'abandoned';

type Opportunity = {
  readonly id: string;
  readonly locationId: string;
  readonly name: string;
  readonly pipelineId: string;
  readonly pipelineStageId: string;
  readonly status: Status;
  readonly contactId: string;
  readonly monetaryValue: number;
  readonly assignedTo?: string | undefined;
  readonly lostReasonId?: string | undefined;
  readonly customFields: readonly { readonly id: string; readonly fieldValue: unknown }[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastStatusChangeAtMs: number;
  readonly lastStageChangeAtMs: number;
};

const text = z.string().min(1).max(500);
/** `all` is for searching; HighLevel's document lists it here too. */
const status = z.enum(['open', 'won', 'lost', 'abandoned', 'all']);
const fieldValue = z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]).optional();
const customFields = z
  .array(z.union([z.strictObject({ id: z.string().optional(), key: z.string().optional(), field_value: fieldValue })]))
  .optional();
const optional = {
  pipelineStageId: text.optional(),
  monetaryValue: z.number().optional(),
  assignedTo: text.optional(),
  customFields,
};
const createSchema = z.strictObject({
  pipelineId: text,
  locationId: text,
  name: text,
  status,
  contactId: text,
  ...optional,
});
const updateSchema = z.strictObject({
  pipelineId: text.optional(),
  name: text.optional(),
  status: status.optional(),
  ...optional,
});
const statusSchema = z.strictObject({ status, lostReasonId: text.optional() });
const anyText = z.string().optional();
const flag = z.enum(['true', 'false']).optional();
const searchSchema = z.strictObject({
  q: anyText,
  location_id: text,
  pipeline_id: anyText,
  pipeline_stage_id: anyText,
  contact_id: anyText,
  status: status.optional(),
  assigned_to: anyText,
  campaignId: anyText,
  id: anyText,
  order: anyText,
  endDate: anyText,
  startAfter: anyText,
  startAfterId: anyText,
  date: anyText,
  country: anyText,
  page: wholeNumber.optional(),
  limit: wholeNumber.optional(),
  getTasks: flag,
  getNotes: flag,
  getCalendarEvents: flag,
});

type Fields = z.output<typeof updateSchema>;

function opportunitiesTable(store: Store) {
  return store.collection<Opportunity>('opportunities', {
    ownerOf: ({ locationId }) => locationId,
    keyOf: ({ contactId }) => contactId,
  });
}

export function createOpportunitiesModule({ store, emit }: Services): Module {
  const opportunities = opportunitiesTable(store);
  const contacts = contactsTable(store);
  const pipelines = pipelinesTable(store);
  const users = usersTable(store);

  function tell(type: string, opportunity: Opportunity): void {
    const { id, locationId, assignedTo, contactId, monetaryValue, name, pipelineId, pipelineStageId } = opportunity;
    const dateAdded = new Date(opportunity.createdAtMs).toISOString();
    const shared = { locationId, id, assignedTo, contactId, monetaryValue, name, pipelineId, pipelineStageId };
    emit({ type, audience: 'app', payload: { ...shared, status: opportunity.status, dateAdded } });
  }

  /** Its stage is one of its pipeline's, which is the sub-account's own; the first stage where none is given. */
  function placeIn(locationId: string, pipelineId: string, stageId: string | undefined): string | Answer {
    const pipeline = pipelines.find(pipelineId);
    if (pipeline?.locationId !== locationId) return badRequest('Pipeline not found');
    const stage = stageId === undefined ? pipeline.stages[0] : pipeline.stages.find(({ id }) => id === stageId);
    return stage?.id ?? badRequest('The pipeline stage is not one of the pipeline');
  }

  function refuse({ status: asked, assignedTo }: Fields, locationId: string): Answer | undefined {
    if (asked === 'all') return badRequest('status all is for searching');
    const isForeign = assignedTo !== undefined && users.find(assignedTo)?.locationIds.includes(locationId) !== true;
    return isForeign ? badRequest('assignedTo is not a user of this location') : undefined;
  }

  function create({ body, nowMs }: Call<z.output<typeof createSchema>>): Answer {
    const { locationId, pipelineId, contactId, name, assignedTo, monetaryValue = 0 } = body;
    const refusal = refuse(body, locationId);
    if (refusal !== undefined) return refusal;
    if (contacts.find(contactId)?.locationId !== locationId) return badRequest('Contact not found');
    const pipelineStageId = placeIn(locationId, pipelineId, body.pipelineStageId);
    if (typeof pipelineStageId !== 'string') return pipelineStageId;
    const isThere = opportunities.listByKey(contactId).some((known) => known.pipelineId === pipelineId);
    const isAllowed = readLocation(store, locationId)?.settings.allowDuplicateOpportunity === true;
    if (isThere && !isAllowed) return badRequest('Can not create duplicate opportunity for the contact.');
    const made = opportunities.put({
      id: createId(),
      locationId,
      name,
      pipelineId,
      pipelineStageId,
      contactId,
      monetaryValue,
      assignedTo,
      status: toStatus(body.status),
      customFields: mergeFields([], body.customFields),
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      lastStatusChangeAtMs: nowMs,
      lastStageChangeAtMs: nowMs,
    });
    tell('OpportunityCreate', made);
    return succeed({ opportunity: describe(made) }, 201);
  }

  function write(before: Opportunity, changes: Partial<Opportunity>, nowMs: number): Opportunity {
    const after = { ...before, ...changes, updatedAtMs: nowMs };
    const isMoved = after.pipelineStageId !== before.pipelineStageId;
    const isOther = after.status !== before.status;
    opportunities.put({
      ...after,
      ...(isMoved && { lastStageChangeAtMs: nowMs }),
      ...(isOther && { lastStatusChangeAtMs: nowMs }),
    });
    if (isMoved) tell('OpportunityStageUpdate', after);
    if (isOther) tell('OpportunityStatusUpdate', after);
    if (after.monetaryValue !== before.monetaryValue) tell('OpportunityMonetaryValueUpdate', after);
    if (after.assignedTo !== before.assignedTo) tell('OpportunityAssignedToUpdate', after);
    tell('OpportunityUpdate', after);
    return after;
  }

  function update(call: Call<Fields>): Answer {
    const before = findOwned(opportunities, call, call.param('id'));
    if (before === undefined) return unknownOpportunity;
    const { body, locationId, nowMs } = call;
    const refusal = refuse(body, locationId);
    if (refusal !== undefined) return refusal;
    const { pipelineId = before.pipelineId, name = before.name, monetaryValue = before.monetaryValue } = body;
    const { assignedTo = before.assignedTo, status: asked = before.status } = body;
    const kept = pipelineId === before.pipelineId ? before.pipelineStageId : undefined;
    const pipelineStageId = placeIn(locationId, pipelineId, body.pipelineStageId ?? kept);
    if (typeof pipelineStageId !== 'string') return pipelineStageId;
    const fields = mergeFields(before.customFields, body.customFields);
    const changes = { pipelineId, pipelineStageId, name, monetaryValue, assignedTo, customFields: fields };
    return succeed({ opportunity: describe(write(before, { ...changes, status: toStatus(asked) }, nowMs)) });
  }

  function setStatus(call: Call<z.output<typeof statusSchema>>): Answer {
    const before = findOwned(opportunities, call, call.param('id'));
    if (before === undefined) return unknownOpportunity;
    const refusal = refuse(call.body, call.locationId);
    if (refusal !== undefined) return refusal;
    const { lostReasonId } = call.body;
    write(before, { status: toStatus(call.body.status), lostReasonId }, call.nowMs);
    return succeed({ succeded: true });
  }

  function search({ query, locationId, visibleUntilMs }: Call<unknown, z.output<typeof searchSchema>>): Answer {
    const limit = Number(query.limit ?? '20');
    const page = Number(query.page ?? '1');
    if (limit < 1 || limit > MAX_LIMIT) return badRequest(`limit must be between 1 and ${MAX_LIMIT}`);
    if (page < 1) return badRequest('page must be 1 or more');
    const words = (query.q ?? '').toLowerCase();
    const matching = opportunities
      .listByOwner(locationId)
      .filter(
        (one) =>
          one.createdAtMs <= visibleUntilMs &&
          (query.id ?? one.id) === one.id &&
          (query.pipeline_id ?? one.pipelineId) === one.pipelineId &&
          (query.pipeline_stage_id ?? one.pipelineStageId) === one.pipelineStageId &&
          (query.contact_id ?? one.contactId) === one.contactId &&
          (query.assigned_to === undefined || query.assigned_to === one.assignedTo) &&
          (query.status === undefined || query.status === 'all' || query.status === one.status) &&
          one.name.toLowerCase().includes(words),
      )
      .toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
    const from = query.startAfterId === undefined ? (page - 1) * limit : indexAfter(matching, query.startAfterId);
    const shown = matching.slice(from, from + limit);
    const last = shown.at(-1);
    const isMore = from + shown.length < matching.length;
    const cursor = last === undefined ? {} : { startAfterId: last.id, startAfter: last.createdAtMs };
    const meta = { total: matching.length, ...cursor, currentPage: page, ...(isMore && { nextPage: page + 1 }) };
    return succeed({ opportunities: shown.map(describe), meta, aggregations: {} });
  }

  function get(call: Call): Answer {
    const known = findOwned(opportunities, call, call.param('id'));
    return known === undefined ? unknownOpportunity : succeed({ opportunity: describe(known) });
  }

  function remove(call: Call): Answer {
    const known = findOwned(opportunities, call, call.param('id'));
    if (known === undefined) return unknownOpportunity;
    opportunities.remove(known.id);
    tell('OpportunityDelete', known);
    return succeed({ succeded: true });
  }

  function describe(opportunity: Opportunity) {
    const { createdAtMs, updatedAtMs, lastStatusChangeAtMs, lastStageChangeAtMs, ...shown } = opportunity;
    const contact = contacts.find(opportunity.contactId);
    return {
      ...shown,
      createdAt: new Date(createdAtMs).toISOString(),
      updatedAt: new Date(updatedAtMs).toISOString(),
      lastStatusChangeAt: new Date(lastStatusChangeAtMs).toISOString(),
      lastStageChangeAt: new Date(lastStageChangeAtMs).toISOString(),
      ...(contact !== undefined && {
        contact: {
          id: contact.id,
          name: contactName(contact),
          email: contact.email,
          phone: contact.phone,
          tags: contact.tags,
        },
      }),
    };
  }

  const all = { version: '2021-07-28', security: ['Location-Access'], path: '/opportunities/' } as const;
  const one = { ...all, path: '/opportunities/:id' } as const;
  const reading = { scope: 'opportunities.readonly' };
  const writing = { scope: 'opportunities.write' };
  return {
    routes: [
      defineRoute({ ...all, ...writing, method: 'POST', body: createSchema, handle: create }),
      defineRoute({
        ...all,
        ...reading,
        method: 'GET',
        path: '/opportunities/search',
        query: searchSchema,
        handle: search,
      }),
      defineRoute({ ...one, ...reading, method: 'GET', handle: get }),
      defineRoute({ ...one, ...writing, method: 'PUT', body: updateSchema, handle: update }),
      defineRoute({ ...one, ...writing, method: 'DELETE', handle: remove }),
      defineRoute({
        ...one,
        ...writing,
        method: 'PUT',
        path: '/opportunities/:id/status',
        body: statusSchema,
        handle: setStatus,
      }),
    ],
    removeLocation: opportunities.removeByOwner,
  };
}

const unknownOpportunity = badRequest('Opportunity not found');

/** `all` has been refused before. */
function toStatus(asked: z.output<typeof status>): Status {
  return asked === 'all' ? 'open' : asked;
}

function indexAfter(list: readonly Opportunity[], id: string): number {
  return list.findIndex((one) => one.id === id) + 1;
}

function mergeFields(
  before: Opportunity['customFields'],
  given: z.output<typeof customFields>,
): Opportunity['customFields'] {
  const values = new Map(before.map(({ id, fieldValue: value }) => [id, value]));
  for (const { id, field_value: value } of given ?? []) if (id !== undefined) values.set(id, value ?? '');
  return [...values].map(([id, value]) => ({ id, fieldValue: value }));
}
