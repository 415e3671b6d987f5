// A source moved while leads keep arriving, killed inside every step and continued, rolled back, moved again. 50,000 leads as a test;
// `npm run soak:scale-up` moves two million and prints what it took.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { formatTable } from '../../local/demo/table.ts';
import { replayLeads } from './replay.ts';
import { STEP_TITLES, STEPS, type Step } from './run.ts';
import { rollBackScaleUp, type ScaleUpOptions } from './scale-up.ts';
import { startArrivingLeads } from './testing/arriving-leads.ts';
import { createDatabasePair, type DatabasePair } from './testing/database-pair.ts';
import { makeSource } from './testing/make-source.ts';

const LEADS = Number(process.env['SOAK_LEADS'] ?? 50_000);
const PER_SECOND = Number(process.env['SOAK_LEADS_PER_SECOND'] ?? 20);
const CHUNK_ROWS = LEADS >= 1_000_000 ? 20_000 : 5000;
/** The second time that a step is inside its work where it comes by several times: with the first part done and the next one begun. */
const KILL_AT: Partial<Record<Step, number>> = { backup: 2, leads: 3, logs: 2, verify: 2 };
const CHILD = join(import.meta.dirname, 'testing/killed-run.ts');
const TIMEOUT_MS = 7_200_000;

let databases: DatabasePair;
let folder: string;
let peakMegabytes = 0;
let writer: pg.Client;

beforeAll(async () => {
  databases = await createDatabasePair(inject('testPostgres').url);
  writer = new pg.Client(databases.sourceUrl);
  await writer.connect();
  folder = mkdtempSync(join(tmpdir(), 'switchyard-scale-up-'));
}, TIMEOUT_MS);

afterAll(async () => {
  await writer.end();
  await databases.drop();
  rmSync(folder, { recursive: true, force: true });
});

const optionsOf = (): ScaleUpOptions => ({
  from: databases.sourceUrl,
  to: databases.targetUrl,
  folder,
  personHashKey: 'a person hash key for tests, 32+ long',
  chunkRows: CHUNK_ROWS,
});

interface Ended {
  readonly signal: string | null;
  readonly code: number | null;
  readonly said: string;
  readonly moved: {
    stepMs: Record<string, number>;
    verified: { rows: Record<string, number>; quarantined: Record<string, number> };
  } | null;
}

async function runChild(killIn?: Step): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD], {
    env: {
      ...process.env,
      SOURCE_URL: databases.sourceUrl,
      TARGET_URL: databases.targetUrl,
      FOLDER: folder,
      CHUNK_ROWS: String(CHUNK_ROWS),
      ...(killIn ? { KILL_IN: killIn, KILL_AT: String(KILL_AT[killIn] ?? 1) } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let failed = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (failed += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const facts = said
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { moved?: Ended['moved']; peakMegabytes?: number });
  peakMegabytes = Math.max(peakMegabytes, ...facts.map((fact) => fact.peakMegabytes ?? 0));
  return { code, signal, said: failed, moved: facts.at(-1)?.moved ?? null };
}

async function ask(client: pg.Client, sql: string): Promise<Record<string, string | null>> {
  const { rows } = await client.query<Record<string, string | null>>(sql);
  return rows[0] ?? {};
}

/** Made by each database on its own, without any of the code that moves. */
async function compareLeads(): Promise<void> {
  const facts = (id: string, columns: string) =>
    `sum(hashtextextended(${id} || '|' || ${columns}, 7)::numeric)::text as sum, count(*)::text as count`;
  const bad = await databases.target.query<{ id: string }>(
    `select old_id as id from scale_up_quarantine where kind = 'leads'`,
  );
  const there = await databases.source.query(
    `select ${facts('id::text', `lower(email) || '|' || zip_code || '|' || lead_score || '|' || (extract(epoch from created_at) * 1000000)::bigint || '|' || coalesce(assigned_location_id, '')`)}
     from leads where not id::text = any ($1::text[])`,
    [bad.rows.map(({ id }) => id)],
  );
  const here = await databases.target.query(
    `select ${facts('o.old_id', `email || '|' || postal_code || '|' || score || '|' || (extract(epoch from ((metadata ->> '_scaleUp')::jsonb ->> 'createdAt')::timestamptz) * 1000000)::bigint || '|' || coalesce(p.old_id, '')`)}
     from old_ids o join leads l on l.id = o.id and l.created_at = uuid_extract_timestamp(o.id)
     left join old_ids p on p.kind = 'location' and p.id = l.location_id where o.kind = 'lead'`,
  );
  expect(here.rows).toEqual(there.rows);
}

it(
  'loses no row while leads arrive and every step is killed once, and has a way back',
  { timeout: TIMEOUT_MS },
  async () => {
    const { badLeads } = await makeSource(databases.source, { leads: LEADS });
    const arriving = startArrivingLeads(writer, PER_SECOND);
    const startedMs = performance.now();
    for (const step of STEPS) {
      const ended = await runChild(step);
      expect({ step, ...ended }).toMatchObject({ step, signal: 'SIGKILL', said: '' });
    }
    const finished = await runChild();
    expect(finished).toMatchObject({ code: 0, said: '' });
    const elapsedMs = performance.now() - startedMs;
    expect(await arriving.ended).toContain('moved to Switchyard');

    const { verified } = finished.moved ?? {};
    const arrived = arriving.acknowledged.length;
    expect(verified?.quarantined).toEqual({
      locations: 1,
      leads: badLeads,
      routingLogs: expect.any(Number),
      capacity: 1,
    });
    const missing = await databases.target.query(
      `select count(*)::int as count from unnest($1::text[]) as a (id)
     where not exists (select from old_ids o where o.kind = 'lead' and o.old_id = a.id)`,
      [arriving.acknowledged],
    );
    expect(missing.rows).toEqual([{ count: 0 }]);
    await compareLeads();
    expect(
      await ask(
        databases.target,
        `select (select count(*) from outbox)::text as outbox, (select count(*) from deliveries)::text as deliveries,
         (select count(*) from leads_default)::text as stray, (select count(*) from locations)::text as locations,
         (select count(*) from leads)::text as leads, (select count(*) from parking_lot)::text as waiting,
         (select count(*) from pg_indexes where tablename = 'leads' and indexname in ('leads_location', 'leads_parked'))::text as indexes`,
      ),
    ).toEqual({
      outbox: '0',
      deliveries: '0',
      stray: '0',
      locations: '25',
      leads: String(LEADS + arrived - badLeads),
      waiting: '0',
      indexes: '2',
    });

    await databases.target.query(
      `insert into leads (id, created_at, source, email, postal_code, status, location_id)
     select id, uuid_extract_timestamp(id), 'website', 'after@example.com', '02134', 'assigned', (select id from locations limit 1)
     from (select uuidv7() as id) made`,
    );
    await databases.source.query(
      `set session_replication_role = replica; delete from leads where id = 1; reset session_replication_role`,
    );
    const back = await rollBackScaleUp(optionsOf());
    expect(back).toMatchObject({ kept: 1 });
    const leadsBack = back.tables.find(({ kind }) => kind === 'leads');
    expect(leadsBack?.restored).toBe(1);
    // Those that came before the backup's moment are in it.
    expect(leadsBack?.arrived).toBeGreaterThan(0);
    expect(leadsBack?.arrived).toBeLessThanOrEqual(arrived);
    expect(
      await ask(
        databases.target,
        'select (select count(*) from leads)::text as leads, (select count(*) from locations)::text as locations',
      ),
    ).toEqual({ leads: '0', locations: '0' });
    expect(readFileSync(back.file, 'utf8').split('\n').filter(Boolean)).toHaveLength(1);
    expect(await replayLeads({ from: databases.sourceUrl, file: back.file })).toEqual({ replayed: 1, known: 0 });
    expect(await replayLeads({ from: databases.sourceUrl, file: back.file })).toEqual({ replayed: 0, known: 1 });

    const again = await runChild();
    expect(again).toMatchObject({ code: 0, said: '' });
    await compareLeads();
    expect(await ask(databases.target, 'select count(*)::text as leads from leads')).toEqual({
      leads: String(LEADS + arrived + 1 - badLeads),
    });
    report(again.moved, { arrived, elapsedMs });
  },
);

function report(moved: Ended['moved'], { arrived, elapsedMs }: { arrived: number; elapsedMs: number }): void {
  const rows = moved?.verified.rows ?? {};
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const moving: Partial<Record<Step, number>> = {
    backup: total,
    locations: rows['locations'] ?? 0,
    leads: rows['leads'] ?? 0,
    logs: (rows['routingLogs'] ?? 0) + (rows['capacity'] ?? 0),
    verify: total,
  };
  const lines = STEPS.map((step) => {
    const seconds = (moved?.stepMs[step] ?? 0) / 1000;
    const count = moving[step];
    return [
      STEP_TITLES[step],
      count ?? '',
      seconds.toFixed(1),
      count && seconds > 0 ? Math.round(count / seconds) : '',
    ];
  });
  console.log(`\n${formatTable([['step', 'rows', 'seconds', 'rows a second'], ...lines])}`);
  console.log(
    `  the first move, killed ${STEPS.length} times with ${arrived} leads arriving: ${(elapsedMs / 1000).toFixed(1)} s; peak memory ${peakMegabytes} MB`,
  );
}
