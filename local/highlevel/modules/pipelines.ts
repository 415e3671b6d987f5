// Pipelines are listed; no released call makes or changes them.

import * as z from 'zod';
import { succeed } from '../http/answers.ts';
import { defineRoute } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { loadAssets, type LocationAsset } from './load-assets.ts';

export type Pipeline = LocationAsset & {
  readonly stages: readonly { readonly id: string; readonly name: string; readonly position: number }[];
  readonly showInFunnel: boolean;
  readonly showInPieChart: boolean;
};

const listSchema = z.strictObject({ locationId: z.string().min(1) });

export function pipelinesTable(store: Store) {
  return store.collection<Pipeline>('pipelines', { ownerOf: ({ locationId }) => locationId });
}

export function createPipelinesModule({ store }: Services): Module {
  const pipelines = pipelinesTable(store);
  return {
    routes: [
      defineRoute({
        method: 'GET',
        path: '/opportunities/pipelines',
        version: '2021-07-28',
        security: ['Location-Access'],
        scope: 'opportunities.readonly',
        query: listSchema,
        handle: ({ locationId }) => succeed({ pipelines: pipelines.listByOwner(locationId).map(describePipeline) }),
      }),
    ],
    snapshotParts: [
      {
        name: 'pipelines',
        load: (assets, into) =>
          loadAssets(pipelines, { assets, into }, (asset, known) => ({
            id: known?.id ?? createId(),
            locationId: into.locationId,
            name: asset.name,
            stages: (asset['stages'] as readonly string[]).map((name, position) => ({
              id: known?.stages.find((stage) => stage.name === name)?.id ?? createId(),
              name,
              position,
            })),
            showInFunnel: true,
            showInPieChart: true,
          })),
      },
    ],
    removeLocation: pipelines.removeByOwner,
  };
}

function describePipeline({ id, name, stages, showInFunnel, showInPieChart, locationId }: Pipeline) {
  return { id, name, stages, showInFunnel, showInPieChart, locationId };
}
