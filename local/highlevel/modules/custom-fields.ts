// Custom fields of contacts and opportunities. The key is the same in every sub-account, the id is not.

import * as z from 'zod';
import { badRequest, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { findOwned } from './find-owned.ts';
import type { LoadedInto, SnapshotAsset } from './snapshot-parts.ts';

export type CustomField = {
  readonly id: string;
  readonly locationId: string;
  readonly name: string;
  /** `contact.service_needed`: the same in every sub-account, where the id differs. */
  readonly fieldKey: string;
  readonly dataType: string;
  readonly model: 'contact' | 'opportunity';
  readonly position: number;
  readonly placeholder?: string | undefined;
  readonly picklistOptions?: readonly string[] | undefined;
};

/** The document lists it as a choice between alternatives, whose fields are the same. */
const option = z.union([z.strictObject({ label: z.string().optional(), prefillValue: z.string().optional() })]);
const fields = {
  placeholder: z.string().optional(),
  acceptedFormat: z.array(z.string()).optional(),
  isMultipleFile: z.boolean().optional(),
  maxNumberOfFiles: z.number().optional(),
  textBoxListOptions: z.array(option).optional(),
  position: z.number().optional(),
  model: z.enum(['contact', 'opportunity']).optional(),
};
const name = z.string().min(1).max(500);
const createSchema = z.strictObject({ name, dataType: z.string().min(1), ...fields });
const updateSchema = z.strictObject({ name, ...fields });
const listSchema = z.strictObject({ model: z.enum(['contact', 'opportunity', 'all']).optional() });

export function customFieldsTable(store: Store) {
  return store.collection<CustomField>('custom_fields', { ownerOf: ({ locationId }) => locationId });
}

export function createCustomFieldsModule({ store }: Services): Module {
  const customFields = customFieldsTable(store);

  /** A key is unique in its sub-account, so a second load brings nothing. */
  function load(assets: readonly SnapshotAsset[], { locationId }: LoadedInto): void {
    const present = new Set(customFields.listByOwner(locationId).map(({ fieldKey }) => fieldKey));
    for (const [position, asset] of assets.entries()) {
      const model = asset['model'] === 'opportunity' ? 'opportunity' : 'contact';
      const fieldKey = customFieldKey(model, asset.name);
      if (present.has(fieldKey)) continue;
      const dataType = String(asset['dataType'] ?? 'TEXT');
      customFields.put({ id: createId(), locationId, name: asset.name, fieldKey, dataType, model, position });
    }
  }

  function list({ locationId, query }: Call<unknown, z.output<typeof listSchema>>): Answer {
    const model = query.model ?? 'contact';
    const found = customFields.listByOwner(locationId).filter((field) => model === 'all' || field.model === model);
    return succeed({ customFields: found });
  }

  function create({ body, locationId }: Call<z.output<typeof createSchema>>): Answer {
    const model = body.model ?? 'contact';
    const fieldKey = customFieldKey(model, body.name);
    const present = customFields.listByOwner(locationId);
    if (present.some((known) => known.fieldKey === fieldKey)) return badRequest(`${fieldKey} already exists`);
    const { dataType, placeholder, position = present.length } = body;
    const made = { id: createId(), locationId, name: body.name, fieldKey, dataType, model, position, placeholder };
    return succeed({ customField: customFields.put({ ...made, picklistOptions: toPicklist(body) }) }, 201);
  }

  function get(call: Call): Answer {
    const customField = findOwned(customFields, call, call.param('id'));
    return customField === undefined ? unknownField : succeed({ customField });
  }

  /** Its kind and its key stay as they are. */
  function update(call: Call<z.output<typeof updateSchema>>): Answer {
    const known = findOwned(customFields, call, call.param('id'));
    if (known === undefined) return unknownField;
    const { body } = call;
    const { placeholder = known.placeholder, position = known.position } = body;
    const picklistOptions = toPicklist(body) ?? known.picklistOptions;
    return succeed({
      customField: customFields.put({ ...known, name: body.name, placeholder, position, picklistOptions }),
    });
  }

  function remove(call: Call): Answer {
    const known = findOwned(customFields, call, call.param('id'));
    return known !== undefined && customFields.remove(known.id) ? succeed({ succeded: true }) : unknownField;
  }

  const base = { version: '2021-07-28', security: ['Location-Access'] } as const;
  const all = { ...base, path: '/locations/:locationId/customFields' } as const;
  const one = { ...base, path: '/locations/:locationId/customFields/:id' } as const;
  const reading = { scope: 'locations/customFields.readonly' };
  const writing = { scope: 'locations/customFields.write' };
  return {
    routes: [
      defineRoute({ ...all, ...reading, method: 'GET', query: listSchema, handle: list }),
      defineRoute({ ...all, ...writing, method: 'POST', body: createSchema, handle: create }),
      defineRoute({ ...one, ...reading, method: 'GET', handle: get }),
      defineRoute({ ...one, ...writing, method: 'PUT', body: updateSchema, handle: update }),
      defineRoute({ ...one, ...writing, method: 'DELETE', handle: remove }),
    ],
    snapshotParts: [{ name: 'custom_fields', load }],
    removeLocation: customFields.removeByOwner,
  };
}

const unknownField = badRequest('Custom field not found');

function toPicklist({ textBoxListOptions }: Pick<z.output<typeof createSchema>, 'textBoxListOptions'>) {
  return textBoxListOptions?.map(({ label = '' }) => label);
}

function customFieldKey(model: 'contact' | 'opportunity', fieldName: string): string {
  return `${model}.${fieldName
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')}`;
}
