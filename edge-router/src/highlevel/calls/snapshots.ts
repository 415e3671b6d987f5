// Snapshots and how far their loading is. There is no call that applies one: `createLocation` and `updateLocation` do.
// https://marketplace.gohighlevel.com/docs/ghl/snapshots/
import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { id, listOf, optionalText } from './fields.ts';

const snapshotSchema = z.object({ id, name: optionalText, type: optionalText });
export type Snapshot = z.output<typeof snapshotSchema>;

export function listSnapshots(caller: HighlevelCaller): Promise<Result<Snapshot[], HighlevelError>> {
  return caller.send({
    endpoint: 'listSnapshots',
    credential: { kind: 'agency' },
    query: { companyId: caller.companyId },
    answer: z.object({ snapshots: listOf(snapshotSchema) }).transform(({ snapshots }) => snapshots),
  });
}

const pushSchema = z.object({ id, locationId: id, status: z.string(), dateAdded: optionalText });
export type SnapshotPush = z.output<typeof pushSchema>;

/**
 * The pushes of a snapshot in a span of time (ISO 8601), to many sub-accounts in one call. `after` is the last id of the page
 * before. The words of `status` are documented nowhere.
 */
export function listSnapshotStatuses(
  caller: HighlevelCaller,
  asked: {
    readonly snapshotId: string;
    readonly from: string;
    readonly to: string;
    readonly after?: string;
    readonly limit?: number;
  },
): Promise<Result<SnapshotPush[], HighlevelError>> {
  const { snapshotId, from, to, after = '', limit = 100 } = asked;
  return caller.send({
    endpoint: 'listSnapshotStatuses',
    credential: { kind: 'agency' },
    path: { snapshotId },
    query: { companyId: caller.companyId, from, to, lastDoc: after, limit },
    answer: z.object({ data: listOf(pushSchema) }).transform(({ data }) => data),
  });
}

/** Lists, or, as in HighLevel's own example, a text that looks like one: "['forms', 'surveys']". */
const assetTypes = z
  .union([z.array(z.string()), z.string()])
  .nullish()
  .transform(readAssetTypes);

function readAssetTypes(given: readonly string[] | string | null | undefined): string[] {
  const texts = typeof given === 'string' ? given.split(',') : (given ?? []);
  return texts.map((text) => text.replaceAll(/[[\]'"\s]/g, '')).filter((text) => text !== '');
}

const locationPushSchema = z.object({
  id: optionalText,
  status: optionalText,
  completed: assetTypes,
  pending: assetTypes,
});
export type SnapshotLocationPush = z.output<typeof locationPushSchema>;

/**
 * What of a snapshot has come to one sub-account. Null, or `not_found` or `invalid`, may only mean that the push has not begun.
 * `pending` empty is what says that it is over, and not even then is all of it there: look at what it should have brought.
 */
export function getSnapshotStatus(
  caller: HighlevelCaller,
  { snapshotId, ghlLocationId }: { readonly snapshotId: string; readonly ghlLocationId: string },
): Promise<Result<SnapshotLocationPush | null, HighlevelError>> {
  return caller.send({
    endpoint: 'getSnapshotStatus',
    credential: { kind: 'agency' },
    path: { snapshotId, locationId: ghlLocationId },
    query: { companyId: caller.companyId },
    answer: z.object({ data: locationPushSchema.nullish() }).transform(({ data }) => data ?? null),
  });
}
