import * as z from 'zod';
import type { BacktestSide, BacktestWork } from '../../../db/queries/backtest-row.ts';
import { endBacktest } from '../../../db/queries/end-backtest.ts';
import { findBacktest } from '../../../db/queries/find-backtest.ts';
import { finishBacktest } from '../../../db/queries/finish-backtest.ts';
import { readBacktestPersons, type BacktestPersons } from '../../../db/queries/read-backtest-persons.ts';
import { saveBacktestSlice, type BacktestMove } from '../../../db/queries/save-backtest-slice.ts';
import { rulesDocumentSchema } from '../leads/rules/routing-rules.ts';
import type { BacktestDeps } from './backtest-deps.ts';
import { askForSlice, BACKTEST_DUE_SECONDS } from './backtest-messages.ts';
import { dropRows } from './drop-backtest.ts';
import { LEADS_PER_SLICE, readSliceLeads } from './read-slice-leads.ts';
import type { BacktestLead, Placement } from './rules/backtest-lead.ts';
import { createReplay, type PersonPlace, type Replay } from './rules/replay.ts';
import { countLead, readTally, startTally, storeTally } from './rules/tally.ts';

const MAX_PAIRS = 100;

const messageSchema = z.object({ backtestId: z.uuid(), slice: z.int().min(0) });

/**
 * One slice of a backtest: its leads are routed on both sides, going on from what the slice before left, and the next slice is asked
 * for. Slices follow each other, since seats, turns and persons depend on every lead before; one that is done twice is written once.
 */
export async function runSlice(deps: BacktestDeps, body: unknown): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { backtestId, slice } = message.data;
  const work = await findBacktest(deps.database, backtestId);
  if (work?.backtest.status !== 'running') {
    // Whoever ended it may have died before this.
    if (work) await dropRows(deps, { backtestId, moves: false });
    return 'done';
  }
  if (work.slice !== slice) {
    // Whoever did this slice may have died before it asked for the next.
    if (work.slice === slice + 1) await askForSlice(deps, { backtestId, slice: slice + 1 });
    return 'done';
  }
  const leads = await readSliceLeads(deps, work);
  if (leads.length > 0) {
    const done = await replaySlice(deps, { work, leads });
    if (done === 'impossible') {
      await endBacktest(deps.database, { backtestId, status: 'failed', error: 'too_many_locations' });
      await dropRows(deps, { backtestId, moves: false });
      return 'done';
    }
    if (done === 'overtaken') return 'done';
  }
  if (leads.length === LEADS_PER_SLICE) {
    await askForSlice(deps, { backtestId, slice: slice + 1 });
    return 'done';
  }
  await finishBacktest(deps.database, { backtestId, maxPairs: MAX_PAIRS });
  await dropRows(deps, { backtestId, moves: false });
  return 'done';
}

interface Slice {
  readonly work: BacktestWork;
  readonly leads: readonly BacktestLead[];
}

async function replaySlice(deps: BacktestDeps, { work, leads }: Slice): Promise<'saved' | 'overtaken' | 'impossible'> {
  const { backtest, slice } = work;
  const { backtestId } = backtest;
  const hashes = [...new Set(leads.flatMap(({ personHashes }) => personHashes))];
  const persons = readPersons(
    hashes.length > 0 ? await readBacktestPersons(deps.database, { backtestId, hashes }) : [],
  );
  const before = await openSide(deps, { work, name: 'before', persons: persons.before });
  const after = await openSide(deps, { work, name: 'after', persons: persons.after });
  if (before === null || after === null || after === 'assigned') return 'impossible';
  const tally = work.tally ? readTally(work.tally) : startTally();
  const moves: BacktestMove[] = [];
  for (const lead of leads) {
    const was = before === 'assigned' ? readPlacement(lead) : before.place(lead);
    const is = after.place(lead);
    if (countLead(tally, lead, { before: was, after: is })) moves.push(describeMove(lead, { was, is }));
  }
  const lastMs = leads.at(-1)?.atMs ?? 0;
  const saved = await saveBacktestSlice(deps.database, {
    backtestId,
    slice,
    leads: leads.length,
    cursor: leads.at(-1)?.leadId ?? null,
    state: {
      ...(before === 'assigned' ? {} : { before: copyState(before.readState(lastMs)) }),
      after: copyState(after.readState(lastMs)),
    },
    tally: storeTally(tally),
    moves,
    persons: listPersons(hashes, persons),
    dueSeconds: BACKTEST_DUE_SECONDS,
  });
  return saved ? 'saved' : 'overtaken';
}

type State = NonNullable<BacktestWork['state']['after']>;

function copyState({ seats, turns }: ReturnType<Replay['readState']>): State {
  return {
    seats: seats.map(([id, day, used]) => [id, day, used]),
    turns: turns.map(([pool, id, turn]) => [pool, id, turn]),
  };
}

interface SideAsk {
  readonly work: BacktestWork;
  readonly name: 'before' | 'after';
  readonly persons: Map<string, PersonPlace>;
}

/** Null where an isolate cannot hold the brand's locations. */
async function openSide(deps: BacktestDeps, { work, name, persons }: SideAsk): Promise<Replay | 'assigned' | null> {
  const side: BacktestSide = work.backtest[name];
  if (side.kind === 'assigned') return 'assigned';
  const rules = { ...rulesDocumentSchema.parse(side.rules.document), version: side.rules.version };
  const ask = { rules, territories: side.territories, atMs: Date.parse(work.backtest.at) };
  const directory = await deps.drafts.read(ask, (refresh) => void refresh.catch(() => undefined));
  const state = work.state[name] ?? null;
  return directory && createReplay({ directory, postalCodes: deps.postalCodes, state, persons });
}

function readPlacement({ placement }: BacktestLead): Placement {
  return placement ?? { status: 'parked', locationId: null, matchLevel: null, parkedReason: null };
}

function describeMove(lead: BacktestLead, { was, is }: { was: Placement; is: Placement }): BacktestMove {
  const { position, leadId, sourceRow, question } = lead;
  return { position, leadId, sourceRow, postalCode: question.postalCode, from: was.locationId, to: is.locationId };
}

type Persons = Readonly<Record<'before' | 'after', Map<string, PersonPlace>>>;

function readPersons(known: BacktestPersons): Persons {
  const persons: Persons = { before: new Map(), after: new Map() };
  for (const [hash, [before, after]] of known) {
    if (before) persons.before.set(hash, { locationId: before[0], assignedAtMs: before[1] });
    if (after) persons.after.set(hash, { locationId: after[0], assignedAtMs: after[1] });
  }
  return persons;
}

function listPersons(hashes: readonly string[], { before, after }: Persons): BacktestPersons {
  const placeOf = (place: PersonPlace | undefined): [string, number] | null =>
    place ? [place.locationId, place.assignedAtMs] : null;
  return hashes
    .filter((hash) => before.has(hash) || after.has(hash))
    .map((hash) => [hash, [placeOf(before.get(hash)), placeOf(after.get(hash))]]);
}
