import pg from 'pg';
import * as z from 'zod';
import { Refusal } from './refusal.ts';

export const KINDS = ['locations', 'leads', 'routingLogs', 'capacity'] as const;
export type Kind = (typeof KINDS)[number];

const LAYOUT = {
  locations: {
    table: 'locations',
    keys: ['id'],
    columns:
      'id name address city state zip_code latitude longitude phone email active ghl_location_id max_daily_capacity timezone created_at updated_at franchise_code',
  },
  leads: {
    table: 'leads',
    keys: ['id'],
    columns:
      'id first_name last_name email phone zip_code source utm_source utm_campaign utm_medium assigned_location_id ghl_contact_id lead_score status metadata created_at updated_at',
  },
  routingLogs: {
    table: 'lead_routing_logs',
    keys: ['id'],
    columns: 'id lead_id assigned_location_id routing_reason routing_data created_at',
  },
  capacity: {
    table: 'location_capacity',
    keys: ['location_id', 'capacity_date'],
    columns: 'location_id capacity_date current_leads max_capacity utilization_rate',
  },
} as const satisfies Record<Kind, { table: string; keys: readonly string[]; columns: string }>;

/** Read where the map names it; the common layout has none. */
const OPTIONAL = new Set(['franchise_code']);
const JSON_COLUMNS = new Set(['routing_data']);
const TIME_COLUMNS = new Set(['created_at', 'updated_at']);

export const STATUSES = ['new', 'assigned', 'contacted', 'qualified', 'converted', 'lost'] as const;
export type SourceStatus = (typeof STATUSES)[number];

const tableMapSchema = z.strictObject({
  table: z.string().min(1).optional(),
  /** Our name of a column to the source's, or null where the source has none. */
  columns: z.record(z.string(), z.string().min(1).nullable()).optional(),
});
const mapSchema = z.strictObject({
  tables: z.partialRecord(z.enum(KINDS), tableMapSchema).optional(),
  /** The source's word to one of the six. */
  statuses: z.record(z.string(), z.enum(STATUSES)).optional(),
});

export type SourceMap = z.output<typeof mapSchema>;

/** @throws Refusal naming every bad place of the map */
export function parseSourceMap(json: unknown): SourceMap {
  const parsed = mapSchema.safeParse(json);
  const faults = parsed.success ? unknownColumns(parsed.data) : parsed.error.issues.map(describeIssue);
  if (faults.length > 0 || !parsed.success) throw new Refusal(`The map is not usable: ${faults.join('; ')}.`);
  return parsed.data;
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'the file'}: ${message}`;
}

function unknownColumns(map: SourceMap): string[] {
  return KINDS.flatMap((kind) => {
    const known = new Set<string>(LAYOUT[kind].columns.split(' '));
    const named = Object.keys(map.tables?.[kind]?.columns ?? {});
    return named
      .filter((name) => !known.has(name))
      .map((name) => `tables.${kind}.columns.${name} is no column of ours`);
  });
}

export interface SourceTable {
  readonly kind: Kind;
  /** Quoted. */
  readonly name: string;
  readonly keys: readonly { readonly column: string; readonly type: string }[];
  /** Our names of what `select` answers, in its order. */
  readonly fields: readonly string[];
  readonly select: string;
  /** Every column that can be written, quoted, in the table's order. */
  readonly stored: string;
  readonly createdAt: string | null;
}

export type SourceTables = Readonly<Record<Kind, SourceTable>>;

/** Looks at the source's tables. @throws Refusal naming every table and column that is missing */
export async function readSourceTables(client: pg.Client, map: SourceMap): Promise<SourceTables> {
  const faults: string[] = [];
  const tables: Partial<Record<Kind, SourceTable>> = {};
  for (const kind of KINDS) {
    const table = await readTable(client, { kind, map, faults });
    if (table) tables[kind] = table;
  }
  const { locations, leads, routingLogs, capacity } = tables;
  if (faults.length > 0 || !locations || !leads || !routingLogs || !capacity) {
    throw new Refusal(`The source is not laid out as expected: ${faults.join('; ')}. A map (--map) can name others.`);
  }
  return { locations, leads, routingLogs, capacity };
}

async function readTable(
  client: pg.Client,
  { kind, map, faults }: { kind: Kind; map: SourceMap; faults: string[] },
): Promise<SourceTable | null> {
  const given = map.tables?.[kind];
  const name = (given?.table ?? LAYOUT[kind].table)
    .split('.')
    .map((part) => pg.escapeIdentifier(part))
    .join('.');
  const { rows } = await client.query<{ name: string; type: string; generated: boolean }>(
    `select attname as name, format_type(atttypid, atttypmod) as type, attgenerated <> '' as generated from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [name],
  );
  if (rows.length === 0) {
    faults.push(`there is no table ${name}`);
    return null;
  }
  const types = new Map(rows.map((row) => [row.name, row.type]));
  const columns = LAYOUT[kind].columns.split(' ').map((field) => {
    const asked = given?.columns?.[field];
    const column = asked === undefined ? (OPTIONAL.has(field) ? null : field) : asked;
    if (column !== null && !types.has(column)) faults.push(`${name} has no column ${column} (${field})`);
    return { field, column };
  });
  const byField = new Map(columns.map(({ field, column }) => [field, column]));
  const keys = LAYOUT[kind].keys.map((field) => {
    const column = byField.get(field) ?? null;
    if (column === null) faults.push(`${name}: ${field} cannot be left out`);
    return { column: `t.${pg.escapeIdentifier(column ?? field)}`, type: types.get(column ?? '') ?? 'text' };
  });
  const created = byField.get('created_at');
  if (kind === 'leads' && !created) faults.push(`${name}: created_at cannot be left out`);
  const selected = columns.flatMap(({ field, column }) => expressionsOf(field, column));
  return {
    kind,
    name,
    keys,
    fields: selected.map(({ field }) => field),
    select: selected.map(({ expression }) => expression).join(', '),
    stored: rows
      .filter(({ generated }) => !generated)
      .map((row) => pg.escapeIdentifier(row.name))
      .join(', '),
    createdAt: created ? `t.${pg.escapeIdentifier(created)}::timestamptz` : null,
  };
}

/** Times come twice: exact, and in whole milliseconds. */
function expressionsOf(field: string, column: string | null): { field: string; expression: string }[] {
  if (column === null)
    return [
      { field, expression: 'null' },
      ...(TIME_COLUMNS.has(field) ? [{ field: `${field}_ms`, expression: 'null' }] : []),
    ];
  const name = `t.${pg.escapeIdentifier(column)}`;
  if (field === 'metadata') return [{ field, expression: flatDocument(`to_jsonb(${name})`) }];
  if (JSON_COLUMNS.has(field)) return [{ field, expression: `to_jsonb(${name})::text` }];
  if (field === 'capacity_date') return [{ field, expression: `${name}::date::text` }];
  if (!TIME_COLUMNS.has(field)) return [{ field, expression: `${name}::text` }];
  const time = `${name}::timestamptz`;
  const finite = (expression: string) => `case when isfinite(${time}) then ${expression} end`;
  return [
    { field, expression: finite(`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`) },
    { field: `${field}_ms`, expression: finite(`floor(extract(epoch from ${time}) * 1000)::bigint::text`) },
  ];
}

/** A lead's metadata is flat: what lies deeper becomes its JSON as text. Here, because no number may change on the way. Our own key is free. */
function flatDocument(document: string): string {
  return `case when jsonb_typeof(${document}) = 'object' then coalesce((
    select jsonb_object_agg(case when e.key = '_scaleUp' then '_scaleUp before' else e.key end, case when jsonb_typeof(e.value) in ('object', 'array') then to_jsonb(e.value::text) else e.value end)
    from jsonb_each(${document}) e), '{}') else ${document} end::text`;
}
