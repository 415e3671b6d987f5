// Custom values: the texts that a sub-account's workflows, mails and pages refer to by `{{ custom_values.… }}`.

import * as z from 'zod';
import { badRequest, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { findOwned } from './find-owned.ts';
import type { LoadedInto, SnapshotAsset } from './snapshot-parts.ts';

export type CustomValue = {
  readonly id: string;
  readonly locationId: string;
  readonly name: string;
  /** `{{ custom_values.review_link }}`: made from the first name, and stays when the name changes. */
  readonly fieldKey: string;
  readonly value: string;
};

const bodySchema = z.strictObject({ name: z.string().min(1).max(500), value: z.string().max(10_000) });
type Body = z.output<typeof bodySchema>;

export function customValuesTable(store: Store) {
  return store.collection<CustomValue>('custom_values', { ownerOf: ({ locationId }) => locationId });
}

export function createCustomValuesModule({ store }: Services): Module {
  const customValues = customValuesTable(store);

  /** A snapshot brings keys without values, and never touches a key that is there. */
  function load(assets: readonly SnapshotAsset[], { locationId }: LoadedInto): void {
    const present = new Set(customValues.listByOwner(locationId).map(({ fieldKey }) => fieldKey));
    for (const { name } of assets.filter((asset) => !present.has(customValueKey(asset.name)))) {
      customValues.put({ id: createId(), locationId, name, fieldKey: customValueKey(name), value: '' });
    }
  }

  function create({ body, locationId }: Call<Body>): Answer {
    const fieldKey = customValueKey(body.name);
    const isTaken = customValues.listByOwner(locationId).some((known) => known.fieldKey === fieldKey);
    if (isTaken) return badRequest(`A custom value with the key ${fieldKey} already exists`);
    return succeed({ customValue: customValues.put({ ...body, id: createId(), locationId, fieldKey }) }, 201);
  }

  function update(call: Call<Body>): Answer {
    const known = findOwned(customValues, call, call.param('id'));
    if (known === undefined) return unknownValue;
    return succeed({ customValue: customValues.put({ ...known, ...call.body }) });
  }

  function get(call: Call): Answer {
    const known = findOwned(customValues, call, call.param('id'));
    return known === undefined ? unknownValue : succeed({ customValue: known });
  }

  function remove(call: Call): Answer {
    const known = findOwned(customValues, call, call.param('id'));
    return known !== undefined && customValues.remove(known.id) ? succeed({ succeded: true }) : unknownValue;
  }

  const base = { version: '2021-07-28', security: ['Location-Access'] } as const;
  const all = { ...base, path: '/locations/:locationId/customValues' } as const;
  const one = { ...base, path: '/locations/:locationId/customValues/:id' } as const;
  return {
    routes: [
      defineRoute({
        ...all,
        method: 'GET',
        scope: 'locations/customValues.readonly',
        handle: ({ locationId }) => succeed({ customValues: customValues.listByOwner(locationId) }),
      }),
      defineRoute({
        ...all,
        method: 'POST',
        scope: 'locations/customValues.write',
        body: bodySchema,
        handle: create,
      }),
      defineRoute({ ...one, method: 'GET', scope: 'locations/customValues.readonly', handle: get }),
      defineRoute({ ...one, method: 'PUT', scope: 'locations/customValues.write', body: bodySchema, handle: update }),
      defineRoute({ ...one, method: 'DELETE', scope: 'locations/customValues.write', handle: remove }),
    ],
    snapshotParts: [{ name: 'custom_values', load }],
    removeLocation: customValues.removeByOwner,
  };
}

const unknownValue = badRequest('Custom value not found');

function customValueKey(name: string): string {
  return `{{ custom_values.${name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')} }}`;
}
