// How far all loads of a snapshot are, by one call for everybody who waits: kept in Redis for a few seconds, because calls of
// the company are the scarcest thing there is.
import * as z from 'zod';
import { listSnapshotStatuses } from '../highlevel/calls/snapshots.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import { ok, type Result } from '../rules/result.ts';
import { scaleSeconds } from './patience.ts';
import type { StepContext } from './step.ts';

const PAGE = 100;
const MAX_PAGES = 20;
const FRESH_SECONDS = 30;
/** What others read while one fetches the next. */
const KEPT_SECONDS = 300;
const FETCH_LEASE_MS = 10_000;
/** Pushes that began longer ago are overdue, and 10,000 locations in a row fill a day with them. */
const LOOK_BACK_MS = 3_600_000;
const DAY_MS = 86_400_000;

const copySchema = z.object({ atMs: z.number(), pushes: z.array(z.tuple([z.string(), z.string()])) });

interface Board {
  readonly atMs: number;
  readonly statuses: ReadonlyMap<string, string>;
}

/** The latest status of each sub-account's load, in HighLevel's words. */
export async function readPushBoard(
  context: Pick<StepContext, 'deps' | 'highlevel'>,
  snapshotId: string,
): Promise<Result<ReadonlyMap<string, string>, HighlevelError>> {
  const key = `onboarding:v1:pushes:${snapshotId}`;
  const kept = await readCopy(context, key);
  const isFresh = kept && context.deps.nowMs() - kept.atMs < scaleSeconds(context.deps, FRESH_SECONDS) * 1000;
  if (kept && (isFresh || !(await mayFetch(context, key)))) return ok(kept.statuses);
  const listed = await listAll(context, snapshotId);
  if (listed.ok) await keepCopy(context, key, listed.value);
  return listed;
}

/** One of all that find the copy old fetches the next one; the others go on with what there is. */
async function mayFetch({ deps }: Pick<StepContext, 'deps'>, key: string): Promise<boolean> {
  try {
    return (await deps.redis.set(`${key}:fetching`, '1', { nx: true, px: FETCH_LEASE_MS })) !== null;
  } catch {
    return true;
  }
}

async function listAll(
  { deps, highlevel }: Pick<StepContext, 'deps' | 'highlevel'>,
  snapshotId: string,
): Promise<Result<ReadonlyMap<string, string>, HighlevelError>> {
  const nowMs = deps.nowMs();
  const from = new Date(nowMs - LOOK_BACK_MS).toISOString();
  const to = new Date(nowMs + DAY_MS).toISOString();
  const statuses = new Map<string, string>();
  let after = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const listed = await listSnapshotStatuses(highlevel.reader, { snapshotId, from, to, after, limit: PAGE });
    if (!listed.ok) return listed;
    // Oldest first: the last one of a sub-account is the one that counts.
    for (const push of listed.value) statuses.set(push.locationId, push.status);
    const last = listed.value.at(-1);
    if (!last || listed.value.length < PAGE) break;
    after = last.id;
  }
  return ok(statuses);
}

async function readCopy({ deps }: Pick<StepContext, 'deps'>, key: string): Promise<Board | null> {
  try {
    const text = await deps.redis.get<string>(key);
    if (typeof text !== 'string') return null;
    const { atMs, pushes } = copySchema.parse(JSON.parse(text));
    return { atMs, statuses: new Map(pushes) };
  } catch (error) {
    deps.log({ event: 'snapshot_board_copy_unreadable', error });
    return null;
  }
}

async function keepCopy(
  { deps }: Pick<StepContext, 'deps'>,
  key: string,
  statuses: ReadonlyMap<string, string>,
): Promise<void> {
  const livesMs = Math.ceil(scaleSeconds(deps, KEPT_SECONDS) * 1000);
  const copy = JSON.stringify({ atMs: deps.nowMs(), pushes: [...statuses] });
  try {
    await deps.redis.set(key, copy, { px: livesMs });
    await deps.redis.set(`${key}:fetching`, '1', { px: 1 });
  } catch (error) {
    deps.log({ event: 'snapshot_board_not_copied', error });
  }
}
