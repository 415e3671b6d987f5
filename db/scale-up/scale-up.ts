import type pg from 'pg';
import { createKeyedHash } from '../../edge-router/src/http/hash.ts';
import { backUp } from './backup.ts';
import { assertKeys } from './assert-keys.ts';
import { captureChanges, drainChanges } from './changes.ts';
import { readCheckpoint, saveCheckpoint } from './checkpoints.ts';
import { checkTarget, createTarget, makeIndexes } from './create-target.ts';
import type { MovedLocation } from './map-location.ts';
import { moveTable } from './move-table.ts';
import { Refusal } from './refusal.ts';
import { rollBack, type RolledBack } from './roll-back.ts';
import { connect, STEPS, type Happening, type Run, type Step } from './run.ts';
import { readSourceTables, type SourceMap } from './source-layout.ts';
import { fingerprintOf, readState, writeState, type State } from './state-file.ts';
import { switchOver } from './switch-over.ts';
import { verify, type Verified } from './verify.ts';

const CHUNK_ROWS = 20_000;
/** Held as long as the connection: a killed run's last transaction is over before the next run looks. */
const TARGET_LOCK = 7_305_118_226;
/** Two moves would take each other's changes away. */
const SOURCE_LOCK = 7_305_118_227;

export interface ScaleUpOptions {
  readonly from: string;
  readonly to: string;
  /** Where the backup and the state lie. */
  readonly folder: string;
  readonly personHashKey: string;
  readonly map?: SourceMap;
  readonly onBadRows?: 'continue' | 'stop';
  readonly chunkRows?: number;
  /** Told of everything that happens; a move goes on when it answers. */
  readonly happened?: (happening: Happening) => Promise<void> | void;
}

export interface Moved {
  readonly stepMs: Readonly<Record<string, number>>;
  readonly verified: Verified;
  readonly quarantined: readonly {
    readonly kind: string;
    readonly reason: string;
    readonly rows: number;
    readonly oldIds: readonly string[];
  }[];
}

/** Moves the source, going on where an earlier start stopped. @throws Refusal with one line, or what a database said */
export async function scaleUp(options: ScaleUpOptions): Promise<Moved> {
  return withRun(options, async (run) => {
    let state = beginState(options);
    await checkTarget(run.target, { isBegun: state.doneSteps.includes('backup') });
    if (!state.doneSteps.includes('backup')) await assertKeys(run.source, run.tables);
    if (state.phase === 'rolled-back') state = { ...newState(options) };
    writeState(options.folder, state);
    if (state.phase === 'switched' || state.doneSteps.includes('create')) await readMoved(run);
    for (const step of STEPS) {
      if (state.doneSteps.includes(step)) continue;
      await run.happened({ step, what: 'begun' });
      const startedMs = performance.now();
      const backup = await runStep(run, step, options);
      const stepMs = { ...state.stepMs, [step]: Math.round(performance.now() - startedMs) };
      state = { ...state, backup: backup ?? state.backup, stepMs, doneSteps: [...state.doneSteps, step] };
      if (step === 'switch') state = { ...state, phase: 'switched' };
      writeState(options.folder, state);
      await run.happened({ step, what: 'done' });
    }
    const { detail } = await readCheckpoint(run.target, 'verify');
    return { stepMs: state.stepMs, verified: detail as Verified, quarantined: await summarise(run) };
  });
}

/** Back to the state before the move, from its backup. */
export async function rollBackScaleUp(options: ScaleUpOptions): Promise<RolledBack> {
  return withRun(options, async (run) => {
    const state = readState(options.folder);
    if (!state?.backup) throw new Refusal(`There is no backup in ${options.folder}: nothing was moved from there.`);
    assertSame(state, options);
    const begun = () => writeState(options.folder, { ...state, phase: 'rolling-back' });
    const answer = await rollBack(run, { backup: state.backup, startedAt: state.startedAt, begun });
    writeState(options.folder, { ...state, phase: 'rolled-back' });
    return answer;
  });
}

async function withRun<T>(options: ScaleUpOptions, work: (run: Run) => Promise<T>): Promise<T> {
  const [source, target] = [await connect(options.from), await connect(options.to)];
  try {
    await holdAlone(target, TARGET_LOCK, 'Another start of this move is at work.');
    await holdAlone(source, SOURCE_LOCK, 'Another move out of this source is at work.');
    const tables = await readSourceTables(source, options.map ?? {});
    const moved = new Map<string, MovedLocation>();
    const hashPerson = createKeyedHash(options.personHashKey);
    return await work({
      source,
      target,
      sourceUrl: options.from,
      tables,
      moved,
      lead: { locations: moved, statuses: options.map?.statuses ?? {}, hashPerson, nowMs: Date.now() },
      onBadRows: options.onBadRows ?? 'continue',
      chunkRows: options.chunkRows ?? CHUNK_ROWS,
      folder: options.folder,
      checksumKey: hashPerson('scale-up: checksums'),
      happened: options.happened ?? (() => {}),
    });
  } finally {
    await Promise.allSettled([source.end(), target.end()]);
  }
}

async function holdAlone(client: pg.Client, lock: number, refusal: string): Promise<void> {
  await client.query('select pg_advisory_lock($1)', [lock]).catch((error: unknown) => {
    throw isLockTimeout(error) ? new Refusal(refusal) : error;
  });
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

function newState(options: ScaleUpOptions): State {
  return {
    source: fingerprintOf(options.from),
    target: fingerprintOf(options.to),
    phase: 'moving',
    startedAt: new Date().toISOString(),
    doneSteps: [],
    backup: null,
    stepMs: {},
  };
}

function beginState(options: ScaleUpOptions): State {
  const found = readState(options.folder);
  if (found === null || found.phase === 'rolled-back') return newState(options);
  assertSame(found, options);
  if (found.phase === 'rolling-back')
    throw new Refusal('A roll back has begun and is not over: finish it with --roll-back, then move anew.');
  return found;
}

function assertSame(state: State, options: ScaleUpOptions): void {
  if (state.source === fingerprintOf(options.from) && state.target === fingerprintOf(options.to)) return;
  throw new Refusal(`${options.folder} belongs to a move between other databases: name another folder with --state.`);
}

async function readMoved(run: Run): Promise<void> {
  const { rows } = await run.target.query<{
    oldId: string;
    id: string;
    name: string;
    code: string;
    ghl: string | null;
  }>(
    `select o.old_id as "oldId", l.id, l.name, l.franchise_code as code, l.ghl_location_id as ghl
     from old_ids o join locations l on l.id = o.id where o.kind = 'location'`,
  );
  for (const { oldId, id, name, code, ghl } of rows)
    run.moved.set(oldId, { id, name, franchiseCode: code, ghlLocationId: ghl });
}

async function runStep(run: Run, step: Step, options: ScaleUpOptions): Promise<State['backup'] | void> {
  switch (step) {
    case 'backup':
      await captureChanges(run.source, run.tables);
      return backUp(run);
    case 'create':
      return createTarget(run, options.to);
    case 'locations':
      await moveTable(run, { kind: 'locations', step, checkpoint: 'locations' });
      return;
    case 'leads':
      await moveTable(run, { kind: 'leads', step, checkpoint: 'leads' });
      return;
    case 'logs':
      await moveTable(run, { kind: 'routingLogs', step, checkpoint: 'logs' });
      await moveTable(run, { kind: 'capacity', step, checkpoint: 'capacity' });
      return;
    case 'indexes':
      return makeIndexes(run.target, async () => run.happened({ step, what: 'inside' }));
    case 'verify': {
      await drainChanges(run);
      const verified = await verify(run);
      const rows = Object.values(verified.rows).reduce((sum, count) => sum + count, 0);
      return saveCheckpoint(run.target, 'verify', { rows, detail: verified, isDone: true });
    }
    case 'switch':
      return switchOver(run);
  }
}

const LISTED_BAD_IDS = 5;

async function summarise(run: Run): Promise<Moved['quarantined']> {
  const { rows } = await run.target.query<{ kind: string; reason: string; rows: string; ids: string[] }>(
    `select kind, reason, count(*) as rows, (array_agg(old_id order by old_id))[1:${LISTED_BAD_IDS}] as ids
     from scale_up_quarantine group by 1, 2 order by 1, 2`,
  );
  return rows.map(({ kind, reason, rows: count, ids }) => ({ kind, reason, rows: Number(count), oldIds: ids }));
}
