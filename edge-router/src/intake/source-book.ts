import type { Redis } from '@upstash/redis';
import * as z from 'zod';
import { readSources } from '../../../db/queries/read-sources.ts';
import { sourceRowSchema, type SourceRow } from '../../../db/queries/source-row.ts';
import type { AppDeps } from '../deps.ts';

const KEY = 'sources:v1';
const FRESH_MS = 10_000;

export interface SourceBook {
  /** A source by its name; null for none. Throws where neither Postgres nor a copy says anything. */
  readonly find: (name: string) => Promise<SourceRow | null>;
  /** After a change: the next look reads Postgres. */
  readonly forget: () => void;
}

/** One per isolate: sources by name, read at most every 10 s. While Postgres is away Redis' copy is used, or the isolate's last. */
export function createSourceBook(
  deps: Pick<AppDeps, 'database' | 'nowMs' | 'log'> & { readonly redis: Pick<Redis, 'get' | 'set'> },
): SourceBook {
  let held: { readonly byName: ReadonlyMap<string, SourceRow>; readonly text: string } | null = null;
  let freshUntilMs = 0;
  const hold = (sources: readonly SourceRow[], text: string): void => {
    held = { byName: new Map(sources.map((source) => [source.name, source])), text };
    freshUntilMs = deps.nowMs() + FRESH_MS;
  };
  const refresh = async (): Promise<void> => {
    try {
      const sources = await readSources(deps.database);
      const text = JSON.stringify(sources);
      const isNew = text !== held?.text;
      hold(sources, text);
      if (isNew) await deps.redis.set(KEY, text).catch(() => deps.log({ event: 'sources_not_copied' }));
    } catch (error) {
      if (held) return;
      const text = await deps.redis.get(KEY).catch(() => null);
      if (typeof text !== 'string') throw error;
      hold(z.array(sourceRowSchema).parse(JSON.parse(text)), text);
    }
  };
  return {
    find: async (name) => {
      if (!held || deps.nowMs() >= freshUntilMs) await refresh();
      return held?.byName.get(name) ?? null;
    },
    forget: () => {
      freshUntilMs = 0;
    },
  };
}
