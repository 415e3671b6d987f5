import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { createLineTransform, formatCopyLine, parseCopyLine } from './copy-text.ts';
import { mapCapacity, mapLead, mapRoutingLog, type TargetRow } from './map-lead.ts';
import { mapLocation, type Mapped, type SourceRow } from './map-location.ts';
import { Refusal } from './refusal.ts';
import type { BadRow, Run } from './run.ts';
import type { Kind, SourceTable } from './source-layout.ts';
import { createStage, MERGES, REMOVALS, STAGE_COLUMNS, stageOf } from './stages.ts';

const SHOWN_BAD_ROWS = 20;

export interface Applied {
  readonly rows: number;
  readonly bad: readonly BadRow[];
  /** Every key that was there, the last one last. */
  readonly keys: readonly string[];
}

interface Selection {
  /** Where rows are read: a snapshot of its own while verifying. */
  readonly reader: pg.Client;
  /** What follows `from table t`. */
  readonly condition: string;
  /** They may have been here before, and otherwise. */
  readonly areChanges: boolean;
}

export function keyOf(table: SourceTable): string {
  return `jsonb_build_array(${table.keys.map(({ column }) => `${column}::text`).join(', ')})::text`;
}

export function orderOf(table: SourceTable): string {
  return table.keys.map(({ column }) => column).join(', ');
}

export function literalKey(table: SourceTable, values: readonly string[]): string {
  return `(${table.keys.map(({ type }, index) => `${pg.escapeLiteral(values[index] ?? '')}::${type}`).join(', ')})`;
}

/** The condition that names these keys, each a JSON array. */
export function amongKeys(table: SourceTable, keys: readonly string[]): string {
  return `where (${orderOf(table)}) in (${keys.map((key) => literalKey(table, readKey(key))).join(', ')})`;
}

export function readKey(key: string): string[] {
  return JSON.parse(key) as string[];
}

export function toOldId(key: string): string {
  return readKey(key).join(':');
}

export function mapRow(run: Pick<Run, 'moved' | 'lead'>, kind: Kind, row: SourceRow): Mapped<TargetRow> {
  switch (kind) {
    case 'locations':
      return mapLocation(row, run.moved);
    case 'leads':
      return mapLead(row, run.lead);
    case 'routingLogs':
      return mapRoutingLog(row, run.lead);
    case 'capacity':
      return mapCapacity(row, run.lead);
  }
}

export function readRow(table: SourceTable, line: string): { key: string; row: SourceRow } {
  const [key, ...values] = parseCopyLine(line);
  return {
    key: key ?? '[]',
    row: Object.fromEntries(table.fields.map((field, index) => [field, values[index] ?? null])),
  };
}

/** Reads rows of the source as a stream and merges them, inside the target's transaction that the caller holds. */
export async function applyRows(run: Run, kind: Kind, selection: Selection): Promise<Applied> {
  const table = run.tables[kind];
  await run.target.query(createStage(kind));
  const keys: string[] = [];
  const badKeys = new Map<string, string>();
  const transform = createLineTransform((line) => {
    const { key, row } = readRow(table, line);
    keys.push(key);
    const mapped = mapRow(run, kind, row);
    if (!mapped.ok) badKeys.set(key, mapped.reason);
    if (!mapped.ok) return '';
    if (kind === 'locations') rememberLocation(run.moved, toOldId(key), mapped.value);
    return formatCopyLine([toOldId(key), ...STAGE_COLUMNS[kind].map((column) => mapped.value[column] ?? null)]);
  });
  const sql = `copy (select ${keyOf(table)}, ${table.select} from ${table.name} t ${selection.condition}) to stdout`;
  const into = `copy ${stageOf(kind)} (old_id, ${STAGE_COLUMNS[kind].join(', ')}) from stdin`;
  await pipeline(selection.reader.query(copyTo(sql)), transform, run.target.query(copyFrom(into)));
  if (kind === 'routingLogs') await findOrphanLogs(run, badKeys);
  if (kind === 'leads') await followNewIds(run);
  if (selection.areChanges) await removeRows(run, kind, keys);
  for (const merge of MERGES[kind]) await run.target.query(merge);
  await release(run, kind);
  const bad = [...badKeys].map(([key, reason]) => ({ kind, oldId: toOldId(key), reason }));
  if (bad.length > 0 && run.onBadRows === 'stop') throw new Refusal(describeBadRows(bad));
  if (bad.length > 0) await quarantine(run, { kind, reader: selection.reader, badKeys });
  return { rows: keys.length - bad.length, bad, keys };
}

/** A lead whose time was changed gets another id: what is known of it goes along. */
async function followNewIds(run: Run): Promise<void> {
  const { rows } = await run.target.query<{ old: string; new: string }>(
    `select o.id as old, s.id as new from stage_leads s
     join old_ids o on o.kind = 'lead' and o.old_id = s.old_id where o.id <> s.id`,
  );
  for (const { old, new: id } of rows) {
    await run.target.query('update lead_events set lead_id = $2 where lead_id = $1', [old, id]);
    await run.target.query(`update old_ids set id = $2 where kind = 'routing_log' and id = $1`, [old, id]);
    await run.target.query('delete from leads where id = $1 and created_at = uuid_extract_timestamp($1)', [old]);
    await run.target.query('delete from person_keys where lead_id = $1', [old]);
  }
}

export function rememberLocation(moved: Run['moved'], oldId: string, row: TargetRow): void {
  moved.set(oldId, {
    id: row['id'] ?? '',
    name: row['name'] ?? '',
    franchiseCode: row['franchise_code'] ?? '',
    ghlLocationId: row['ghl_location_id'] ?? null,
  });
}

async function findOrphanLogs(run: Run, badKeys: Map<string, string>): Promise<void> {
  const { rows } = await run.target.query<{ old_id: string }>(
    `select s.old_id from stage_routinglogs s
     where not exists (select from old_ids o where o.kind = 'lead' and o.old_id = s.old_lead_id)`,
  );
  for (const row of rows) badKeys.set(JSON.stringify([row.old_id]), 'lead_gone');
}

/** Takes out rows that are to be written anew, or that are gone from the source. */
export async function removeRows(run: Run, kind: Kind, keys: readonly string[]): Promise<void> {
  if (keys.length === 0 || kind === 'locations') return;
  if (kind !== 'capacity') {
    for (const removal of REMOVALS[kind]) await run.target.query(removal, [keys.map(toOldId)]);
    return;
  }
  for (const key of keys) {
    const [oldLocation = '', day] = readKey(key);
    const location = run.moved.get(oldLocation);
    if (location)
      await run.target.query('delete from location_capacity where location_id = $1 and day = $2', [location.id, day]);
  }
}

/** Rows that are good now leave the quarantine. */
async function release(run: Run, kind: Kind): Promise<void> {
  await run.target.query(
    `delete from scale_up_quarantine q using ${stageOf(kind)} s where q.kind = $1 and q.old_id = s.old_id`,
    [kind],
  );
}

async function quarantine(
  run: Run,
  { kind, reader, badKeys }: { kind: Kind; reader: pg.Client; badKeys: ReadonlyMap<string, string> },
): Promise<void> {
  const table = run.tables[kind];
  const { rows } = await reader.query<{ key: string; row: string }>(
    `select ${keyOf(table)} as key, to_jsonb(t)::text as row from ${table.name} t ${amongKeys(table, [...badKeys.keys()])}`,
  );
  await run.target.query(
    `insert into scale_up_quarantine (kind, old_id, reason, row)
     select $1, b.old_id, b.reason, b.row::jsonb from unnest($2::text[], $3::text[], $4::text[]) as b (old_id, reason, row)
     on conflict (kind, old_id) do update set reason = excluded.reason, row = excluded.row, at = now()`,
    [
      kind,
      rows.map(({ key }) => toOldId(key)),
      rows.map(({ key }) => badKeys.get(key) ?? ''),
      rows.map(({ row }) => row),
    ],
  );
}

function describeBadRows(bad: readonly BadRow[]): string {
  const shown = bad.slice(0, SHOWN_BAD_ROWS).map(({ kind, oldId, reason }) => `${kind} ${oldId}: ${reason}`);
  const more = bad.length > shown.length ? ` and ${bad.length - shown.length} more` : '';
  return `Stopped at rows that break a rule (${shown.join('; ')}${more}). Put them right, or go on with --on-bad-rows continue.`;
}
