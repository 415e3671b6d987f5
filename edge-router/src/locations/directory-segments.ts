// The snapshot's parts in Redis: rows as compressed text, for isolates that hold the whole directory.
import type { Redis } from '@upstash/redis';
import { decodeRows, encodeRows } from './directory-codec.ts';
import { DIRECTORY_PREFIX, type Head } from './directory-head.ts';
import type { DirectoryLocation } from './rules/directory.ts';
import type { TerritoryRow } from './rules/territory-index.ts';

export type SegmentRedis = Pick<Redis, 'mget' | 'set' | 'expire'>;
type Part = 'locations' | 'territories';
export type Segments = Head['base'];

const ROWS_PER_SEGMENT: Readonly<Record<Part, number>> = { locations: 2000, territories: 10_000 };
const SEGMENTS_PER_READ = 8;

/** The base with the changes since, later rows last. Null when a part is gone. */
export async function readLocationSegments(
  redis: SegmentRedis,
  head: Head,
): Promise<readonly DirectoryLocation[] | null> {
  const base = await readKeys<DirectoryLocation>(redis, segmentKeys('locations', head.base));
  const changed = await readChanges(redis, head.changes);
  return base && changed ? [...base, ...changed] : null;
}

export function readChanges(
  redis: SegmentRedis,
  changes: Head['changes'],
): Promise<readonly DirectoryLocation[] | null> {
  return readKeys(redis, changes.filter((change) => change.locations > 0).map(changeKey));
}

export function readTerritorySegments(redis: SegmentRedis, head: Head): Promise<readonly TerritoryRow[] | null> {
  return readKeys(redis, segmentKeys('territories', head.territories));
}

async function readKeys<Row>(redis: SegmentRedis, keys: readonly string[]): Promise<readonly Row[] | null> {
  const rows: Row[] = [];
  for (let start = 0; start < keys.length; start += SEGMENTS_PER_READ) {
    const texts = await redis.mget<(string | null)[]>(...keys.slice(start, start + SEGMENTS_PER_READ));
    for (const text of texts) {
      if (typeof text !== 'string') return null;
      for (const row of await decodeRows<Row>(text)) rows.push(row);
    }
  }
  return rows;
}

/** Collects pages of any size into segments, so that no more than one segment is held at a time. */
export function createSegmentWriter(
  redis: SegmentRedis,
  { part, version, name, seconds }: { part: Part; version: number; name: string; seconds: number },
): { write: (rows: readonly unknown[]) => Promise<void>; finish: () => Promise<Segments> } {
  const pending: unknown[] = [];
  let segments = 0;
  const flush = async (): Promise<void> => {
    const rows = pending.splice(0, ROWS_PER_SEGMENT[part]);
    await redis.set(segmentKey(part, { name, index: segments++ }), await encodeRows(rows), { ex: seconds });
  };
  return {
    write: async (rows) => {
      for (const row of rows) {
        pending.push(row);
        if (pending.length === ROWS_PER_SEGMENT[part]) await flush();
      }
    },
    finish: async () => {
      if (pending.length > 0) await flush();
      return { version, name, segments };
    },
  };
}

export async function writeChange(
  redis: SegmentRedis,
  { change, rows, seconds }: { change: { name: string }; rows: readonly DirectoryLocation[]; seconds: number },
): Promise<void> {
  if (rows.length > 0) await redis.set(changeKey(change), await encodeRows(rows), { ex: seconds });
}

export function segmentKeys(part: Part, { name, segments }: Segments): string[] {
  return Array.from({ length: segments }, (_, index) => segmentKey(part, { name, index }));
}

export function changeKey({ name }: { name: string }): string {
  return `${DIRECTORY_PREFIX}:changes:${name}`;
}

function segmentKey(part: Part, { name, index }: { name: string; index: number }): string {
  return `${DIRECTORY_PREFIX}:${part}:${name}:${index}`;
}
