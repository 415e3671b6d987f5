import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { keyOf, mapRow, orderOf, readRow, rememberLocation, toOldId } from './apply-rows.ts';
import { createLineTransform } from './copy-text.ts';
import type { Run } from './run.ts';
import type { Kind, SourceTable } from './source-layout.ts';

const LISTED_BAD_IDS = 5;

export interface PlannedKind {
  readonly kind: Kind;
  readonly rows: number;
  readonly bad: readonly { readonly reason: string; readonly rows: number; readonly oldIds: readonly string[] }[];
}

/** Goes through a table by the rules of the move. A log of a lead that is gone is only found by the move itself. */
export async function addUpPlan(
  source: pg.Client,
  table: SourceTable,
  run: Pick<Run, 'moved' | 'lead'>,
): Promise<PlannedKind> {
  let rows = 0;
  const bad = new Map<string, { rows: number; oldIds: string[] }>();
  const look = createLineTransform((line) => {
    const { key, row } = readRow(table, line);
    const mapped = mapRow(run, table.kind, row);
    rows += 1;
    if (mapped.ok && table.kind === 'locations') rememberLocation(run.moved, toOldId(key), mapped.value);
    if (mapped.ok) return '';
    const found = bad.get(mapped.reason) ?? { rows: 0, oldIds: [] };
    found.rows += 1;
    if (found.oldIds.length < LISTED_BAD_IDS) found.oldIds.push(toOldId(key));
    bad.set(mapped.reason, found);
    return '';
  });
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const sql = `copy (select ${keyOf(table)}, ${table.select} from ${table.name} t order by ${orderOf(table)}) to stdout`;
  await pipeline(source.query(copyTo(sql)), look, sink);
  return { kind: table.kind, rows, bad: [...bad].map(([reason, found]) => ({ reason, ...found })) };
}
