// Workflows are listed without their steps: no released call reads or changes those.

import * as z from 'zod';
import { succeed } from '../http/answers.ts';
import { defineRoute } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { loadAssets, type LocationAsset } from './load-assets.ts';

export type Workflow = LocationAsset & {
  readonly status: 'draft' | 'published';
  readonly version: number;
  /** Adding this tag to a contact starts it; no call tells of that. */
  readonly startTag?: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

const listSchema = z.strictObject({ locationId: z.string().min(1) });

export function workflowsTable(store: Store) {
  return store.collection<Workflow>('workflows', { ownerOf: ({ locationId }) => locationId });
}

export function createWorkflowsModule({ store, clock }: Services): Module {
  const workflows = workflowsTable(store);
  return {
    routes: [
      defineRoute({
        method: 'GET',
        path: '/workflows/',
        version: '2021-07-28',
        security: ['Location-Access'],
        scope: 'workflows.readonly',
        query: listSchema,
        handle: ({ locationId }) => succeed({ workflows: workflows.listByOwner(locationId).map(describeWorkflow) }),
      }),
    ],
    snapshotParts: [
      {
        name: 'workflows',
        load: (assets, into) =>
          loadAssets(workflows, { assets, into }, (asset, known): Workflow => ({
            id: known?.id ?? createId(),
            locationId: into.locationId,
            name: asset.name,
            status: asset['status'] === 'draft' ? 'draft' : 'published',
            version: (known?.version ?? 0) + 1,
            startTag: typeof asset['startTag'] === 'string' ? asset['startTag'] : undefined,
            createdAtMs: known?.createdAtMs ?? clock.nowMs(),
            updatedAtMs: clock.nowMs(),
          })),
      },
    ],
    removeLocation: workflows.removeByOwner,
  };
}

function describeWorkflow({ id, locationId, name, status, version, createdAtMs, updatedAtMs }: Workflow) {
  const createdAt = new Date(createdAtMs).toISOString();
  const updatedAt = new Date(updatedAtMs).toISOString();
  return { id, name, status, version, createdAt, updatedAt, locationId };
}
