import { applyRows, literalKey, orderOf, readKey } from './apply-rows.ts';
import { drainChanges } from './changes.ts';
import { readCheckpoint, saveCheckpoint } from './checkpoints.ts';
import { inTransaction, type Run, type Step } from './run.ts';
import type { Kind } from './source-layout.ts';

const DRAIN_EVERY_MS = 1000;

/** Moves a table in the order of its key, a chunk and its checkpoint at a time, and what changes meanwhile in between. */
export async function moveTable(
  run: Run,
  { kind, step, checkpoint }: { kind: Kind; step: Step; checkpoint: 'locations' | 'leads' | 'logs' | 'capacity' },
): Promise<number> {
  const table = run.tables[kind];
  const before = await readCheckpoint(run.target, checkpoint);
  if (before.isDone) return before.rows;
  const total = await estimateRows(run, kind);
  let { cursor, rows } = before;
  for (let drainedAtMs = Date.now(); ;) {
    const from: string = cursor ? `where (${orderOf(table)}) > ${literalKey(table, cursor)}` : '';
    const condition = `${from} order by ${orderOf(table)} limit ${run.chunkRows}`;
    const seen = await inTransaction(run.target, async () => {
      const applied = await applyRows(run, kind, { reader: run.source, condition, areChanges: false });
      const last = applied.keys.at(-1);
      const isLast = applied.keys.length < run.chunkRows;
      rows += applied.keys.length;
      if (last !== undefined) cursor = readKey(last);
      await saveCheckpoint(run.target, checkpoint, { cursor, rows, isDone: isLast });
      await run.happened({ step, what: 'inside' });
      return applied.keys.length;
    });
    await run.happened({ step, what: 'rows', rows, total: Math.max(total, rows) });
    if (seen < run.chunkRows) return rows;
    if (kind !== 'locations' && Date.now() - drainedAtMs >= DRAIN_EVERY_MS) {
      await drainChanges(run);
      drainedAtMs = Date.now();
    }
  }
}

async function estimateRows(run: Run, kind: Kind): Promise<number> {
  const { rows } = await run.source.query<{ count: string }>(`select count(*) from ${run.tables[kind].name}`);
  return Number(rows[0]?.count ?? 0);
}
