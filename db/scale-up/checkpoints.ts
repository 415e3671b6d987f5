import type pg from 'pg';
import type { Step } from './run.ts';

export interface Checkpoint {
  readonly cursor: readonly string[] | null;
  readonly rows: number;
  readonly detail: unknown;
  readonly isDone: boolean;
}

/** A name of a step's part, so that a step of two tables has a cursor for each. */
export type CheckpointName = Step | 'capacity' | 'indexes-set-aside';

export async function readCheckpoint(target: pg.Client, name: CheckpointName): Promise<Checkpoint> {
  const { rows } = await target.query<{ cursor: string[] | null; rows: string; detail: unknown; done: boolean }>(
    'select cursor, rows, detail, finished_at is not null as done from scale_up_steps where step = $1',
    [name],
  );
  const [row] = rows;
  return {
    cursor: row?.cursor ?? null,
    rows: Number(row?.rows ?? 0),
    detail: row?.detail ?? null,
    isDone: row?.done ?? false,
  };
}

/** Written in the transaction of the rows that it counts. */
export async function saveCheckpoint(
  target: pg.Client,
  name: CheckpointName,
  { cursor = null, rows, detail = null, isDone = false }: Partial<Checkpoint> & { rows: number },
): Promise<void> {
  await target.query(
    `insert into scale_up_steps as s (step, cursor, rows, detail, finished_at)
     values ($1, $2, $3, $4, case when $5 then now() end)
     on conflict (step) do update set cursor = coalesce(excluded.cursor, s.cursor), rows = excluded.rows,
       detail = coalesce(excluded.detail, s.detail), finished_at = excluded.finished_at`,
    [name, cursor && JSON.stringify(cursor), rows, detail === null ? null : JSON.stringify(detail), isDone],
  );
}
