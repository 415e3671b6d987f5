// How a snapshot gets into a sub-account: asked for, queued at so many in a window, then part by part. Nothing runs by itself:
// what is due is loaded before the next request looks.

import { dueAfterMs } from '../clock.ts';
import { createId } from '../identifiers.ts';
import type { Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import type { SnapshotAsset, SnapshotPart } from './snapshot-parts.ts';

export type Snapshot = {
  readonly id: string;
  readonly companyId: string;
  readonly name: string;
  readonly type: 'own' | 'imported';
  /** By the part's name. */
  readonly parts: Readonly<Record<string, readonly SnapshotAsset[]>>;
};

export type SnapshotLoad = {
  readonly id: string;
  readonly snapshotId: string;
  readonly locationId: string;
  readonly companyId: string;
  readonly override: boolean;
  readonly requestedAtMs: number;
  /** Until then the status call knows nothing of it. */
  readonly knownAtMs: number;
  /** When each part that is still to come is due, soonest first. */
  readonly pending: readonly { readonly part: string; readonly dueAtMs: number }[];
  readonly completed: readonly string[];
  /** Parts that will be reported as completed without having come. */
  readonly missing: readonly string[];
  readonly finishesAtMs: number;
  /** Ends half done. */
  readonly fails: boolean;
  readonly status: 'processing' | 'completed' | 'failed';
};

const QUEUE = 'queue';

type LoadRequest = Pick<SnapshotLoad, 'snapshotId' | 'locationId' | 'companyId' | 'override'>;

export function snapshotsTable(store: Store) {
  return store.collection<Snapshot>('snapshots', { ownerOf: ({ companyId }) => companyId });
}

/** Listed by snapshot; the key finds those of one sub-account, and `loading` the unfinished ones. */
export function loadsTable(store: Store) {
  return store.collection<SnapshotLoad>('snapshot_loads', {
    ownerOf: ({ snapshotId }) => snapshotId,
    keyOf: ({ locationId }) => locationId,
  });
}

/** The unfinished loads and when to look at them next, so that looking for due ones does not read all that ever were. */
function openLoadsTable(store: Store) {
  return store.collection<OpenLoad>('open_snapshot_loads', {
    ownerOf: () => QUEUE,
    dueAtOf: ({ nextDueAtMs }) => nextDueAtMs,
  });
}

type OpenLoad = { readonly id: string; readonly nextDueAtMs: number; readonly finishesAtMs: number };

/** Puts the snapshot behind those that are loading already. */
export function requestSnapshotLoad(services: Services, request: LoadRequest, nowMs: number): SnapshotLoad {
  const { store, settings } = services;
  const { timeScale, snapshots: pace } = settings.read();
  const open = openLoadsTable(store);
  // They finish in the order in which they were asked for.
  const [last] = open.page(QUEUE, { skip: 0, limit: 1, order: 'desc' });
  const queueEndsAtMs = Math.max(nowMs, last?.finishesAtMs ?? nowMs);
  const soonestMs = dueAfterMs(nowMs, pace.loadMs, timeScale);
  const inTurnMs = dueAfterMs(queueEndsAtMs, pace.windowMs / pace.loadsPerWindow, timeScale);
  const finishesAtMs = Math.max(soonestMs, inTurnMs);
  const startsAtMs = Math.max(nowMs, dueAfterMs(finishesAtMs, -pace.loadMs, timeScale));
  const parts = Object.keys(snapshotsTable(store).find(request.snapshotId)?.parts ?? {});
  const pending = parts.map((part, index) => ({
    part,
    dueAtMs: startsAtMs + Math.round(((index + 1) / parts.length) * (finishesAtMs - startsAtMs)),
  }));
  const load: SnapshotLoad = {
    ...request,
    id: createId(),
    requestedAtMs: nowMs,
    knownAtMs: dueAfterMs(nowMs, pace.unknownForMs, timeScale),
    pending,
    completed: [],
    missing: takeMissing(services),
    finishesAtMs,
    fails: takeFailure(services),
    status: 'processing',
  };
  open.put({ id: load.id, nextDueAtMs: pending[0]?.dueAtMs ?? finishesAtMs, finishesAtMs });
  return loadsTable(store).put(load);
}

/** Loads every part that is due by now. */
export function loadDueParts({ store }: Services, parts: ReadonlyMap<string, SnapshotPart>, nowMs: number): void {
  const open = openLoadsTable(store);
  const loads = loadsTable(store);
  for (const { id } of open.listDue(nowMs)) {
    const load = loads.find(id);
    if (load === undefined) open.remove(id);
    else advance(load);
  }

  function advance(load: SnapshotLoad): void {
    const snapshot = snapshotsTable(store).find(load.snapshotId);
    // A failing load stops before its last part.
    const reach = load.fails ? load.pending.slice(0, -1) : load.pending;
    const due = reach.filter(({ dueAtMs }) => dueAtMs <= nowMs).map(({ part }) => part);
    for (const part of due.filter((part) => !load.missing.includes(part))) {
      parts.get(part)?.load(snapshot?.parts[part] ?? [], load);
    }
    const completed = [...load.completed, ...due];
    const pending = load.pending.filter(({ part }) => !due.includes(part));
    const isOver = load.finishesAtMs <= nowMs;
    const status = isOver ? (load.fails ? 'failed' : 'completed') : 'processing';
    loads.put({ ...load, completed, pending, status });
    const { id, finishesAtMs } = load;
    if (isOver) open.remove(id);
    else
      open.put({
        id,
        nextDueAtMs: pending.find(({ dueAtMs }) => dueAtMs > nowMs)?.dueAtMs ?? finishesAtMs,
        finishesAtMs,
      });
  }
}

function takeMissing({ settings }: Services): readonly string[] {
  const { missingParts, missingCount } = settings.read().snapshots;
  if (missingCount === null || missingParts.length === 0) return missingParts;
  if (missingCount === 0) return [];
  settings.change({ snapshots: { missingCount: missingCount - 1 } });
  return missingParts;
}

function takeFailure({ settings }: Services): boolean {
  const { failNext } = settings.read().snapshots;
  if (failNext > 0) settings.change({ snapshots: { failNext: failNext - 1 } });
  return failNext > 0;
}
