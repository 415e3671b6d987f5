// The tags of a sub-account. HighLevel keeps them in small letters.

import * as z from 'zod';
import { badRequest, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { findOwned } from './find-owned.ts';
import type { LoadedInto, SnapshotAsset } from './snapshot-parts.ts';

export type Tag = { readonly id: string; readonly locationId: string; readonly name: string };

const bodySchema = z.strictObject({ name: z.string().min(1).max(200) });

function tagsTable(store: Store) {
  return store.collection<Tag>('tags', { ownerOf: ({ locationId }) => locationId });
}

export function tidyTag(name: string): string {
  return name.trim().toLowerCase();
}

/** Tags that a contact is given become tags of its sub-account. */
export function ensureTags(store: Store, locationId: string, names: readonly string[]): void {
  const tags = tagsTable(store);
  const present = new Set(tags.listByOwner(locationId).map(({ name }) => name));
  for (const name of new Set(names.map(tidyTag))) {
    if (!present.has(name)) tags.put({ id: createId(), locationId, name });
  }
}

export function createTagsModule({ store }: Services): Module {
  const tags = tagsTable(store);

  /** A tag's name is unique in its sub-account. */
  function load(assets: readonly SnapshotAsset[], { locationId }: LoadedInto): void {
    ensureTags(
      store,
      locationId,
      assets.map(({ name }) => name),
    );
  }

  function create({ body, locationId }: Call<z.output<typeof bodySchema>>): Answer {
    const name = tidyTag(body.name);
    if (tags.listByOwner(locationId).some((tag) => tag.name === name)) return badRequest('The tag name already exists');
    return succeed({ tag: tags.put({ id: createId(), locationId, name }) });
  }

  function get(call: Call): Answer {
    const tag = findOwned(tags, call, call.param('tagId'));
    return tag === undefined ? unknownTag : succeed({ tag });
  }

  function update(call: Call<z.output<typeof bodySchema>>): Answer {
    const tag = findOwned(tags, call, call.param('tagId'));
    return tag === undefined ? unknownTag : succeed({ tag: tags.put({ ...tag, name: tidyTag(call.body.name) }) });
  }

  function remove(call: Call): Answer {
    const tag = findOwned(tags, call, call.param('tagId'));
    return tag !== undefined && tags.remove(tag.id) ? succeed({ succeded: true }) : unknownTag;
  }

  const base = { version: '2021-07-28', security: ['Location-Access'] } as const;
  const all = { ...base, path: '/locations/:locationId/tags' } as const;
  const one = { ...base, path: '/locations/:locationId/tags/:tagId' } as const;
  const reading = { scope: 'locations/tags.readonly' };
  const writing = { scope: 'locations/tags.write' };
  return {
    routes: [
      defineRoute({
        ...all,
        ...reading,
        method: 'GET',
        handle: ({ locationId }) => succeed({ tags: tags.listByOwner(locationId) }),
      }),
      defineRoute({ ...all, ...writing, method: 'POST', body: bodySchema, handle: create }),
      defineRoute({ ...one, ...reading, method: 'GET', handle: get }),
      defineRoute({ ...one, ...writing, method: 'PUT', body: bodySchema, handle: update }),
      defineRoute({ ...one, ...writing, method: 'DELETE', handle: remove }),
    ],
    snapshotParts: [{ name: 'tags', load }],
    removeLocation: tags.removeByOwner,
  };
}

const unknownTag = badRequest('Tag not found');
