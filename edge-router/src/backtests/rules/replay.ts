import { decide } from '../../leads/rules/decide.ts';
import type { Attempt, Decision, RefusalVerdict } from '../../leads/rules/decision.ts';
import { findLocalDay } from '../../locations/rules/opening-hours.ts';
import type { Directory } from '../../locations/rules/directory.ts';
import type { PostalCodes } from '../../locations/rules/postal-codes.ts';
import type { LocationId } from '../../rules/ids.ts';
import type { BacktestLead, Placement } from './backtest-lead.ts';
import { takeTurn, type PoolTurns, type TurnMember } from './turns.ts';

/** Where a person's last assignment was. */
export interface PersonPlace {
  readonly locationId: string;
  readonly assignedAtMs: number;
}

/** What one side of a backtest has come to, as it is kept between slices. */
export interface ReplayState {
  /** Seats taken: location, its own day, how many. Days that are over everywhere are left out. */
  readonly seats: readonly (readonly [locationId: string, day: string, used: number])[];
  /** Turns in decimal digits. */
  readonly turns: readonly (readonly [pool: string, locationId: string, turn: string])[];
}

export interface Replay {
  /** Routes the next lead; leads come in the order of their times. */
  readonly place: (lead: BacktestLead) => Placement;
  /** To be handed to the replay of the next slice; `nowMs` is the time of the last lead. */
  readonly readState: (nowMs: number) => ReplayState;
}

interface ReplayInput {
  /** With the rules and the territories of this side in effect. */
  readonly directory: Directory;
  readonly postalCodes: PostalCodes;
  readonly state: ReplayState | null;
  /** Those of this slice's leads; changed in place. */
  readonly persons: Map<string, PersonPlace>;
}

/** As in real routing: the last call settles the lead. */
const MAX_CALLS = 3;
const DAY_MS = 86_400_000;
/** No zone's day begins later than this after UTC's. */
const DAY_LAG_MS = DAY_MS + 14 * 3_600_000;

/**
 * Routes leads as `assign_lead` would, one after the other, with seats, turns and persons of its own: the same `decide`, and what
 * Postgres adds to it. Pure but for what it is given to change.
 */
export function createReplay({ directory, postalCodes, state, persons }: ReplayInput): Replay {
  const seats = createSeats(state?.seats ?? [], directory);
  const pools = readTurns(state?.turns ?? []);
  const { rules } = directory;

  const place = (lead: BacktestLead): Placement => {
    if (lead.placement?.status === 'duplicate') {
      joinPerson(persons, lead.personHashes);
      return lead.placement;
    }
    const sticky = findSticky(persons, { lead, stickyDays: rules.stickyDays });
    const placement = ask(lead, sticky);
    if (placement.locationId !== null) {
      const at = { locationId: placement.locationId, assignedAtMs: lead.atMs };
      for (const hash of lead.personHashes) persons.set(hash, at);
    }
    return placement;
  };

  const ask = (lead: BacktestLead, sticky: string | null): Placement => {
    const refusals = new Map<string, RefusalVerdict>();
    const fromBrowser = rules.fromBrowser.includes(lead.source);
    const question = { ...lead.question, edgePlace: fromBrowser ? lead.edgePlace : null };
    let knownSticky: string | null = null;
    for (let call = 1; ; call++) {
      const isLast = call === MAX_CALLS;
      const decision: Decision = decide({
        question,
        directory,
        postalCodes,
        knowledge: { stickyLocationId: knownSticky as LocationId | null, refusals },
        notes: [],
        nowMs: lead.atMs,
        usedToday: (id) => seats.used(id, lead.atMs),
      });
      const [first] = decision.attempts;
      const asksSticky = !isLast && first?.matchLevel !== 'named' && sticky !== null;
      if (asksSticky && sticky !== knownSticky && (sticky !== first?.locationId || first.pool !== undefined)) {
        knownSticky = sticky;
        continue;
      }
      const seat = takeSeat(decision, lead.atMs);
      if (seat.chosen) {
        const { locationId, matchLevel } = seat.chosen;
        const isSticky = asksSticky && locationId === sticky && seat.chosen === first;
        return { status: 'assigned', locationId, matchLevel: isSticky ? 'sticky' : matchLevel, parkedReason: null };
      }
      if (isLast || seat.refused.length === 0) {
        return { status: 'parked', locationId: null, matchLevel: null, parkedReason: decision.parkedReason };
      }
      for (const [id, verdict] of seat.refused) refusals.set(id, verdict);
    }
  };

  const takeSeat = ({ attempts, maxCatchUpTurns }: Decision, atMs: number): Seat => {
    const refused: [string, RefusalVerdict][] = [];
    for (let index = 0; index < attempts.length;) {
      const group = groupAt(attempts, index);
      const free = group.filter((attempt) => {
        const refusal = seats.refuse(attempt, atMs);
        if (refusal) refused.push([attempt.locationId, refusal]);
        return refusal === null;
      });
      const chosen = chooseOf(free, { pools, maxCatchUpTurns: maxCatchUpTurns ?? 1 });
      if (chosen) {
        seats.take(chosen.locationId, atMs);
        return { chosen, refused };
      }
      index += group.length;
    }
    return { chosen: null, refused };
  };

  return { place, readState: (nowMs) => ({ seats: seats.list(nowMs), turns: listTurns(pools) }) };
}

interface Seat {
  readonly chosen: Attempt | null;
  readonly refused: readonly (readonly [string, RefusalVerdict])[];
}

/** The attempts from `index` on that take turns with each other; one alone that does not. */
function groupAt(attempts: readonly Attempt[], index: number): readonly Attempt[] {
  const first = attempts[index];
  if (!first) return [];
  let end = index + 1;
  while (first.pool !== undefined && attempts[end]?.pool === first.pool) end++;
  return attempts.slice(index, end);
}

function chooseOf(
  free: readonly Attempt[],
  { pools, maxCatchUpTurns }: { pools: Map<string, PoolTurns>; maxCatchUpTurns: number },
): Attempt | null {
  const [first] = free;
  if (!first || first.pool === undefined) return first ?? null;
  const turns = pools.get(first.pool) ?? new Map<string, bigint>();
  pools.set(first.pool, turns);
  const members = free.map(({ locationId, weight = 1 }): TurnMember => ({ id: locationId, weight }));
  const chosen = takeTurn(turns, { members, maxCatchUpTurns });
  return free.find(({ locationId }) => locationId === chosen) ?? null;
}

function readTurns(turns: ReplayState['turns']): Map<string, PoolTurns> {
  const pools = new Map<string, PoolTurns>();
  for (const [pool, id, turn] of turns) {
    const members = pools.get(pool) ?? new Map<string, bigint>();
    pools.set(pool, members.set(id, BigInt(turn)));
  }
  return pools;
}

function listTurns(pools: ReadonlyMap<string, PoolTurns>): ReplayState['turns'] {
  return [...pools].flatMap(([pool, turns]) => [...turns].map(([id, turn]) => [pool, id, String(turn)] as const));
}

interface Seats {
  /** How many seats are taken on the location's own day; null where none is. */
  readonly used: (locationId: string, atMs: number) => number | null;
  readonly refuse: (attempt: Attempt, atMs: number) => RefusalVerdict | null;
  readonly take: (locationId: string, atMs: number) => void;
  readonly list: (nowMs: number) => ReplayState['seats'];
}

function createSeats(taken: ReplayState['seats'], { locationsById }: Directory): Seats {
  const days = new Map<string, Map<string, number>>();
  const dayOf = (day: string): Map<string, number> => {
    const seats = days.get(day) ?? new Map<string, number>();
    days.set(day, seats);
    return seats;
  };
  for (const [id, day, used] of taken) dayOf(day).set(id, used);
  const localDay = (id: string, atMs: number): string => findLocalDay(locationsById.get(id)?.timezone ?? 'UTC', atMs);
  const used = (id: string, atMs: number): number | null => days.get(localDay(id, atMs))?.get(id) ?? null;
  return {
    used,
    refuse: ({ locationId, ignoresCapacity }, atMs) => {
      const location = locationsById.get(locationId);
      if (!location?.active) return 'inactive';
      if (location.paused) return 'paused';
      if (ignoresCapacity || location.dailyCap === null) return null;
      return (used(locationId, atMs) ?? 0) >= location.dailyCap ? 'full' : null;
    },
    take: (id, atMs) => {
      dayOf(localDay(id, atMs)).set(id, (used(id, atMs) ?? 0) + 1);
    },
    list: (nowMs) => {
      const since = new Date(nowMs - DAY_LAG_MS).toISOString().slice(0, 10);
      const open = [...days].filter(([day]) => day >= since);
      return open.flatMap(([day, seats]) => [...seats].map(([id, count]) => [id, day, count] as const));
    },
  };
}

/** The location that the person stays with: that of the last assignment within `stickyDays` before the lead. */
function findSticky(
  persons: ReadonlyMap<string, PersonPlace>,
  { lead, stickyDays }: { lead: BacktestLead; stickyDays: number },
): string | null {
  if (stickyDays === 0) return null;
  let last: PersonPlace | null = null;
  for (const hash of lead.personHashes) {
    const place = persons.get(hash);
    const counts = place !== undefined && place.assignedAtMs > lead.atMs - stickyDays * DAY_MS;
    if (counts && (last === null || place.assignedAtMs > last.assignedAtMs)) last = place;
  }
  return last?.locationId ?? null;
}

/** What is new with a duplicate (another e-mail, the same phone) joins the person. */
function joinPerson(persons: Map<string, PersonPlace>, hashes: readonly string[]): void {
  const known = hashes.flatMap((hash) => persons.get(hash) ?? [])[0];
  if (!known) return;
  for (const hash of hashes) if (!persons.has(hash)) persons.set(hash, known);
}
