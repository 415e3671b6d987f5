// Reads every row of the source once more, in a snapshot, and adds up a keyed checksum of what it should have become, by table and month.
// The target adds up the same of what is there. Sums do not depend on order, and the key keeps them from being aimed at.
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { keyOf, mapRow, readRow, toOldId } from './apply-rows.ts';
import { applyKeys, drainChanges } from './changes.ts';
import { createLineTransform } from './copy-text.ts';
import type { TargetRow } from './map-lead.ts';
import type { SourceRow } from './map-location.ts';
import { Refusal } from './refusal.ts';
import { connect, inTransaction, type Run } from './run.ts';
import { KINDS, type Kind } from './source-layout.ts';

const MAX_QUARANTINED = 1_000_000;
const RETRIED_AT_ONCE = 2000;
const SHOWN_FAULTS = 10;
const SEPARATOR = '\u001F';
const LOCATION_TEXTS =
  'id geo_region name franchise_code ghl_location_id address city state postal_code country geo_confidence phone email timezone daily_cap'.split(
    ' ',
  );

export interface MonthTotal {
  readonly kind: Kind;
  readonly month: string;
  rows: number;
  /** Of scores in hundredths, or of seats. */
  sum: bigint;
  checksum: bigint;
}

export interface Verified {
  readonly rows: Readonly<Record<Kind, number>>;
  readonly quarantined: Readonly<Record<Kind, number>>;
  readonly months: number;
  readonly orphans: number;
  /** Days whose seats, as the source counted them, are not its leads of that day. Told, not refused. */
  readonly unevenDays: number;
}

/** @throws Refusal naming the tables and months that are not the same on both sides */
export async function verify(run: Run): Promise<Verified> {
  await retryQuarantined(run);
  const snapshot = await connect(run.sourceUrl);
  try {
    return await inTransaction(
      snapshot,
      async () => {
        await drainChanges(run, snapshot);
        return compare(run, snapshot);
      },
      'begin isolation level repeatable read read only',
    );
  } finally {
    await snapshot.end().catch(() => {});
  }
}

/** A row may have waited for another: a log for its lead, a lead for its location. */
export async function retryQuarantined(run: Run): Promise<void> {
  for (const kind of KINDS) {
    const table = run.tables[kind];
    for (let after = ''; ;) {
      const { rows } = await run.target.query<{ id: string }>(
        'select old_id as id from scale_up_quarantine where kind = $1 and old_id > $2 order by old_id limit $3',
        [kind, after, RETRIED_AT_ONCE],
      );
      const last = rows.at(-1);
      if (!last) break;
      const keys = rows.map(({ id }) => JSON.stringify(table.keys.length === 1 ? [id] : splitKey(id)));
      await inTransaction(run.target, () => applyKeys(run, run.source, { kind, keys }));
      after = last.id;
    }
  }
}

/** `location:day`, the day with a time where the source has one; a location's id may have colons. */
function splitKey(oldId: string): string[] {
  const [, location = '', day = ''] = /^(.*):(\d+-\d\d-\d\d.*)$/s.exec(oldId) ?? [];
  return [location, day];
}

async function compare(run: Run, snapshot: pg.Client): Promise<Verified> {
  const faults: string[] = [];
  const rows = { locations: 0, leads: 0, routingLogs: 0, capacity: 0 };
  const quarantined = { locations: 0, leads: 0, routingLogs: 0, capacity: 0 };
  let months = 0;
  for (const kind of KINDS) {
    const bad = await readQuarantine(run.target, kind);
    const expected = await addUpSource(run, snapshot, { kind, bad });
    const found = await addUpTarget(run, kind);
    faults.push(...findFaults(kind, expected, found));
    for (const total of found.values()) rows[kind] += total.rows;
    quarantined[kind] = bad.size;
    months += found.size;
    await run.happened({ step: 'verify', what: 'inside' });
  }
  const orphans = await countOrphans(run.target);
  if (orphans > 0)
    faults.push(`${orphans} rows belong to a location or lead that is not there, or are of no lead of the source`);
  if (faults.length > 0) {
    const more = faults.length > SHOWN_FAULTS ? ` and ${faults.length - SHOWN_FAULTS} more` : '';
    throw new Refusal(`Source and target are not the same: ${faults.slice(0, SHOWN_FAULTS).join('; ')}${more}.`);
  }
  return { rows, quarantined, months, orphans, unevenDays: await countUnevenDays(run.target) };
}

async function readQuarantine(target: pg.Client, kind: Kind): Promise<Set<string>> {
  const { rows } = await target.query<{ id: string }>(
    'select old_id as id from scale_up_quarantine where kind = $1 limit $2',
    [kind, MAX_QUARANTINED + 1],
  );
  if (rows.length > MAX_QUARANTINED)
    throw new Refusal(`More than ${MAX_QUARANTINED} rows of ${kind} are quarantined: put the source right first.`);
  return new Set(rows.map(({ id }) => id));
}

async function addUpSource(
  run: Run,
  snapshot: pg.Client,
  { kind, bad }: { kind: Kind; bad: ReadonlySet<string> },
): Promise<Map<string, MonthTotal>> {
  const table = run.tables[kind];
  const totals = new Map<string, MonthTotal>();
  const add = createLineTransform((line) => {
    const { key, row } = readRow(table, line);
    const mapped = bad.has(toOldId(key)) ? null : mapRow(run, kind, row);
    if (mapped?.ok) addUp(totals, { kind, ...factsOf(kind, row, mapped.value), key: run.checksumKey });
    if (mapped && !mapped.ok)
      throw new Refusal(`${kind} ${toOldId(key)} breaks a rule (${mapped.reason}) and is not quarantined.`);
    return '';
  });
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(
    snapshot.query(copyTo(`copy (select ${keyOf(table)}, ${table.select} from ${table.name} t) to stdout`)),
    add,
    sink,
  );
  return totals;
}

interface Facts {
  readonly month: string;
  readonly sum: bigint;
  readonly facts: readonly (string | null | undefined)[];
}

function addUp(
  totals: Map<string, MonthTotal>,
  { kind, month, sum, facts, key }: Facts & { kind: Kind; key: string },
): void {
  const total = totals.get(month) ?? { kind, month, rows: 0, sum: 0n, checksum: 0n };
  const text = facts.map((fact) => fact ?? '').join(SEPARATOR);
  const hash = createHash('sha256').update(`${key}${text}`).digest();
  total.rows += 1;
  total.sum += sum;
  total.checksum += hash.readBigUInt64BE() >> 4n;
  totals.set(month, total);
}

/** What is compared of a row; the target's side is TARGET_FACTS, in the same order. */
function factsOf(kind: Kind, row: SourceRow, mapped: TargetRow): Facts {
  const at = (name: string) => mapped[name];
  switch (kind) {
    case 'locations':
      return {
        month: 'all',
        sum: BigInt(at('daily_cap') ?? 0),
        facts: [
          row['id'],
          ...LOCATION_TEXTS.map((column) => at(column)),
          bytesOf(at('lng')),
          bytesOf(at('lat')),
          at('active') === 't' ? 'true' : 'false',
        ],
      };
    case 'leads': {
      const utm = JSON.parse(at('utm') ?? '{}') as Record<string, string>;
      const score = at('score');
      const document = row['metadata']?.startsWith('{') ? row['metadata'] : '{}';
      return {
        month: at('created_at')?.slice(0, 7) ?? '',
        sum: score === null || score === undefined ? 0n : BigInt(Math.floor(Number(score) * 100)),
        facts: [
          row['id'],
          at('id'),
          row['created_at_ms'],
          at('source'),
          at('first_name'),
          at('last_name'),
          at('email'),
          at('phone'),
          at('postal_code'),
          bytesOf(score),
          utm['source'],
          utm['campaign'],
          utm['medium'],
          at('status'),
          at('location_id'),
          at('stage'),
          at('updated_at'),
          document,
          row['created_at'],
          row['status'],
        ],
      };
    }
    case 'routingLogs':
      return {
        month: row['created_at']?.slice(0, 7) ?? '',
        sum: 0n,
        facts: [
          row['id'],
          row['lead_id'],
          row['created_at'],
          row['routing_reason'],
          row['assigned_location_id'],
          row['routing_data'] ?? 'null',
        ],
      };
    case 'capacity':
      return {
        month: row['capacity_date']?.slice(0, 7) ?? '',
        sum: BigInt(at('used') ?? 0),
        facts: [at('location_id'), at('day'), at('used'), at('daily_cap')],
      };
  }
}

/** A number as both sides have it in memory: they write very small and very large ones each in its own way. */
function bytesOf(number: string | null | undefined): string | null {
  if (number === null || number === undefined) return null;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(Number(number));
  return bytes.toString('hex');
}

const bytes = (number: string) => `encode(float8send(${number}), 'hex')`;
const exact = (time: string) => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const TARGET_FACTS: Readonly<Record<Kind, { month: string; sum: string; facts: string[]; from: string }>> = {
  locations: {
    month: `'all'`,
    sum: 'l.daily_cap',
    facts: ['o.old_id', ...LOCATION_TEXTS.map((column) => `l.${column}`), bytes('l.lng'), bytes('l.lat'), 'l.active'],
    from: `old_ids o join locations l on l.id = o.id where o.kind = 'location'
      and not exists (select from scale_up_quarantine q where q.kind = 'locations' and q.old_id = o.old_id)`,
  },
  leads: {
    month: `to_char(l.created_at at time zone 'UTC', 'YYYY-MM')`,
    sum: 'floor(l.score * 100)::numeric',
    facts: [
      'o.old_id',
      'l.id',
      'floor(extract(epoch from l.created_at) * 1000)::bigint',
      'l.source',
      'l.first_name',
      'l.last_name',
      'l.email',
      'l.phone',
      'l.postal_code',
      bytes('l.score'),
      `l.utm ->> 'source'`,
      `l.utm ->> 'campaign'`,
      `l.utm ->> 'medium'`,
      'l.status',
      'l.location_id',
      'l.stage',
      exact('l.updated_at'),
      `l.metadata - '_scaleUp'`,
      `(l.metadata ->> '_scaleUp')::jsonb ->> 'createdAt'`,
      `(l.metadata ->> '_scaleUp')::jsonb ->> 'status'`,
    ],
    from: `old_ids o join leads l on l.id = o.id where o.kind = 'lead'`,
  },
  routingLogs: {
    month: `to_char(e.at at time zone 'UTC', 'YYYY-MM')`,
    sum: '0',
    facts: [
      `substr(e.message_id, length('scale-up-') + 1)`,
      'o.old_id',
      exact('e.at'),
      `e.detail ->> 'reason'`,
      `e.detail ->> 'oldLocationId'`,
      `e.detail -> 'data'`,
    ],
    from: `old_ids o join lead_events e on e.lead_id = o.id where o.kind = 'lead' and e.kind = 'routed_before'`,
  },
  capacity: {
    month: `to_char(c.day, 'YYYY-MM')`,
    sum: 'c.used',
    facts: 'c.location_id c.day c.used c.daily_cap'.split(' '),
    from: 'location_capacity c',
  },
};

async function addUpTarget(run: Run, kind: Kind): Promise<Map<string, MonthTotal>> {
  const { month, sum, facts, from } = TARGET_FACTS[kind];
  const text = facts.map((fact) => `coalesce((${fact})::text, '')`).join(` || chr(31) || `);
  const { rows } = await run.target.query<{ month: string; rows: string; sum: string; checksum: string }>(
    `select ${month} as month, count(*) as rows, coalesce(sum(${sum}), 0)::numeric::text as sum,
       sum(('x' || substr(encode(sha256(convert_to($1 || ${text}, 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint)::text as checksum
     from ${from} group by 1`,
    [run.checksumKey],
  );
  return new Map(
    rows.map((row) => [
      row.month,
      {
        kind,
        month: row.month,
        rows: Number(row.rows),
        sum: BigInt(row.sum.split('.')[0] ?? 0),
        checksum: BigInt(row.checksum),
      },
    ]),
  );
}

function findFaults(
  kind: Kind,
  expected: ReadonlyMap<string, MonthTotal>,
  found: ReadonlyMap<string, MonthTotal>,
): string[] {
  const months = [...new Set([...expected.keys(), ...found.keys()])].sort();
  return months.flatMap((month) => {
    const [a, b] = [expected.get(month), found.get(month)];
    if (a?.rows !== b?.rows) return [`${kind} of ${month}: ${a?.rows ?? 0} rows there, ${b?.rows ?? 0} here`];
    if (a?.sum !== b?.sum) return [`${kind} of ${month}: the sums differ`];
    return a?.checksum === b?.checksum ? [] : [`${kind} of ${month}: the checksums differ`];
  });
}

async function countOrphans(target: pg.Client): Promise<number> {
  const { rows } = await target.query<{ orphans: string }>(
    `select (select count(*) from leads l where l.location_id is not null
         and not exists (select from location_keys k where k.id = l.location_id))
       + (select count(*) from location_capacity c where not exists (select from location_keys k where k.id = c.location_id))
       + (select count(*) from old_ids o where o.kind = 'lead'
         and not exists (select from leads l where l.id = o.id and l.created_at = uuid_extract_timestamp(o.id)))
       + (select count(*) from leads l where l.metadata ? '_scaleUp'
         and not exists (select from old_ids o where o.kind = 'lead' and o.id = l.id)) as orphans`,
  );
  return Number(rows[0]?.orphans ?? 0);
}

async function countUnevenDays(target: pg.Client): Promise<number> {
  const { rows } = await target.query<{ days: string }>(
    `select count(*) as days from location_capacity c join (
       select k.id, (l.created_at at time zone k.timezone)::date as day, count(*) as leads
       from leads l join location_keys k on k.id = l.location_id group by 1, 2) counted on counted.id = c.location_id and counted.day = c.day
     where counted.leads <> c.used`,
  );
  return Number(rows[0]?.days ?? 0);
}
