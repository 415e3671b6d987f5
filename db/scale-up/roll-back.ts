import { createWriteStream, existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { to as copyTo } from 'pg-copy-streams';
import { restoreTable, type Restored } from './backup.ts';
import { SOURCE_SCHEMA } from './changes.ts';
import { createLineTransform, parseCopyLine } from './copy-text.ts';
import { makeIndexes } from './create-target.ts';
import { Refusal } from './refusal.ts';
import { inTransaction, type Run } from './run.ts';
import { KINDS } from './source-layout.ts';
import type { State } from './state-file.ts';

/** What a move fills, and what Switchyard makes of leads afterwards. Rules, keys, settings and territories stay. */
const EMPTIED = [
  'leads lead_keys person_keys lead_events outbox outbox_messages parking_lot turns idempotency_keys location_capacity deliveries lead_clocks',
  'location_sweeps analytics_reports analytics_report_rows',
  'locations location_keys old_ids scale_up_quarantine scale_up_steps',
]
  .join(' ')
  .split(' ');

export interface RolledBack {
  readonly tables: readonly Restored[];
  /** Leads that only Switchyard had, and the file that they are kept in. */
  readonly kept: number;
  readonly file: string;
}

interface WayBack {
  readonly backup: NonNullable<State['backup']>;
  readonly startedAt: string;
  /** Called while the source can still be left as it is. */
  readonly begun: () => void;
}

/**
 * Back to the state before: leads that Switchyard got are kept in a file, the source takes writes again and has every row of its
 * backup, the target is empty. Killed anywhere it can be started again.
 */
export async function rollBack(run: Run, { backup, startedAt, begun }: WayBack): Promise<RolledBack> {
  const file = findFreeFile(run.folder, startedAt);
  const hasTables = await hasTarget(run);
  if (hasTables) await refuseArchived(run);
  if (hasTables) await keepArrivedLeads(run, file);
  const tables = await inTransaction(run.source, async () => {
    await run.source.query(`drop schema if exists ${SOURCE_SCHEMA} cascade`);
    const restored: Restored[] = [];
    for (const kind of KINDS)
      restored.push(await restoreTable(run.source, run.tables[kind], { folder: run.folder, backup }));
    begun();
    return restored;
  });
  const kept = hasTables ? await emptyTarget(run, file) : 0;
  return { tables, kept, file };
}

/** Beside the files of earlier tries: what they kept may be nowhere else. */
function findFreeFile(folder: string, startedAt: string): string {
  const name = `arrived-leads-${startedAt.replaceAll(/\D/g, '')}`;
  for (let count = 1; ; count += 1) {
    const file = join(folder, `${name}${count === 1 ? '' : `-${count}`}.jsonl`);
    if (!existsSync(file)) return file;
  }
}

/** Archived leads would come neither into the file nor back. */
async function refuseArchived({ target }: Run): Promise<void> {
  const { rows } = await target.query<{ archived: boolean }>(`select exists (select from lead_archive) as archived`);
  if (rows[0]?.archived) {
    throw new Refusal('Months of leads were archived since the move: attach them to leads again, then roll back.');
  }
}

async function hasTarget(run: Run): Promise<boolean> {
  const { rows } = await run.target.query<{ has: boolean }>(
    `select to_regclass('public.scale_up_steps') is not null as has`,
  );
  return rows[0]?.has ?? false;
}

/** A line for each: who it is, and the body that `POST /v1/leads` takes. */
async function keepArrivedLeads(run: Run, file: string): Promise<number> {
  let kept = 0;
  const sql = `copy (
    select jsonb_build_object('leadId', l.id, 'createdAt', l.created_at, 'status', l.status,
      'oldLocationId', (select o.old_id from old_ids o where o.kind = 'location' and o.id = l.location_id),
      'body', jsonb_strip_nulls(jsonb_build_object('source', l.source, 'externalId', coalesce(l.external_id, l.id::text),
        'firstName', l.first_name, 'lastName', l.last_name, 'email', l.email, 'phone', l.phone, 'address', l.address,
        'city', l.city, 'state', l.state, 'postalCode', l.postal_code, 'country', l.country, 'service', l.service,
        'score', l.score, 'utm', l.utm, 'consent', l.consent, 'metadata', l.metadata)))::text
    from leads l where not exists (select from old_ids o where o.kind = 'lead' and o.id = l.id)) to stdout`;
  const lines = createLineTransform((line) => {
    kept += 1;
    return `${parseCopyLine(line)[0] ?? ''}\n`;
  });
  // An index would be of use to nobody but this; a hash join reads both once.
  const unfinished = `${file}.unfinished`;
  await pipeline(run.target.query(copyTo(sql)), lines, createWriteStream(unfinished, { mode: 0o600, flush: true }));
  if (kept > 0) await rename(unfinished, file);
  return kept;
}

/** Holds whoever stores leads, and keeps those that came since they were kept first. @returns how many are kept in all */
async function emptyTarget(run: Run, file: string): Promise<number> {
  await makeIndexes(run.target, async () => {});
  return inTransaction(run.target, async () => {
    // In the order in which an assignment takes them, so that neither waits for the other.
    await run.target.query('lock table location_capacity, leads in access exclusive mode');
    const kept = await keepArrivedLeads(run, file);
    const { rows } = await run.target.query<{ name: string }>(
      `select name from unnest($1::text[]) as t (name) where to_regclass('public.' || name) is not null`,
      [EMPTIED],
    );
    await run.target.query(`truncate ${rows.map(({ name }) => name).join(', ')}`);
    await run.target.query('update directory_state set version = version + 1');
    return kept;
  });
}
