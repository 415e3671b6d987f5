import { createKeyedHash } from '../../edge-router/src/http/hash.ts';
import { assertKeys } from './assert-keys.ts';
import { checkTarget } from './create-target.ts';
import { connect } from './run.ts';
import { KINDS, readSourceTables, type Kind, type SourceMap } from './source-layout.ts';
import { addUpPlan, type PlannedKind } from './plan-rows.ts';

/** Of a move on two cores beside other work: read, moved and verified (docs/scale-up.md has the measured table). */
const ROWS_A_SECOND: Readonly<Record<Kind, number>> = {
  locations: 500,
  leads: 7000,
  routingLogs: 20_000,
  capacity: 20_000,
};

export interface DryRun {
  readonly kinds: readonly PlannedKind[];
  readonly estimatedSeconds: number;
}

/** What a move would do. Reads the whole source as a stream and writes nothing anywhere. */
export async function dryRun(options: { from: string; to: string; map?: SourceMap }): Promise<DryRun> {
  const [source, target] = [await connect(options.from), await connect(options.to)];
  try {
    const tables = await readSourceTables(source, options.map ?? {});
    await checkTarget(target, { isBegun: false });
    await assertKeys(source, tables);
    const moved = new Map();
    const lead = {
      locations: moved,
      statuses: options.map?.statuses ?? {},
      hashPerson: createKeyedHash('of a dry run'),
      nowMs: Date.now(),
    };
    const kinds: PlannedKind[] = [];
    for (const kind of KINDS) kinds.push(await addUpPlan(source, tables[kind], { moved, lead }));
    const seconds = kinds.reduce((sum, { kind, rows }) => sum + rows / ROWS_A_SECOND[kind], 0);
    return { kinds, estimatedSeconds: Math.ceil(seconds) + 5 };
  } finally {
    await Promise.allSettled([source.end(), target.end()]);
  }
}
