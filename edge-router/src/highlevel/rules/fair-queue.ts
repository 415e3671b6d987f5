// Whose turn it is to ask for a slot: interactive before bulk, and between the rows of a share in turns, however many
// calls one of them has waiting (start-time fair queueing). Holds no promises and no clock.
import type { Share } from './budget.ts';

export interface Place {
  readonly share: Share;
  readonly row: string;
  /** The virtual time of its turn. */
  readonly turn: number;
  readonly arrival: number;
}

export interface FairQueue<T> {
  readonly size: number;
  readonly has: (who: T) => boolean;
  readonly everyone: () => Iterable<T>;
  readonly join: (who: T, lane: { readonly share: Share; readonly row: string }) => void;
  /** Whoever is served moves the queue's time on; whoever gives up does not. */
  readonly leave: (who: T, outcome: 'served' | 'gave_up') => void;
  /** The first for whom `may` holds, in the order of their turns. */
  readonly first: (may: (who: T) => boolean) => T | undefined;
}

/** Rows whose last turn is remembered, where the queue is never empty; those that wait are remembered in any case. */
const MAX_REMEMBERED = 2000;

export function createFairQueue<T>(): FairQueue<T> {
  const places = new Map<T, Place>();
  const lastTurns = new Map<string, number>();
  let time = 0;
  let arrivals = 0;
  /** What is no later than the queue's time changes no turn. */
  const forgetPast = (): void => {
    for (const [key, turn] of lastTurns) if (turn <= time) lastTurns.delete(key);
  };
  return {
    get size() {
      return places.size;
    },
    has: (who) => places.has(who),
    everyone: () => places.keys(),
    join: (who, { share, row }) => {
      const key = `${share} ${row}`;
      if (lastTurns.size >= MAX_REMEMBERED) forgetPast();
      const turn = Math.max(time, lastTurns.get(key) ?? 0) + 1;
      lastTurns.set(key, turn);
      places.set(who, { share, row, turn, arrival: arrivals++ });
    },
    leave: (who, outcome) => {
      const place = places.get(who);
      if (!place) return;
      places.delete(who);
      if (outcome === 'served') time = Math.max(time, place.turn - 1);
      // An empty queue owes nobody anything.
      if (places.size === 0) lastTurns.clear();
    },
    first: (may) => {
      let found: [T, Place] | undefined;
      for (const entry of places) {
        if (may(entry[0]) && (!found || comesBefore(entry[1], found[1]))) found = entry;
      }
      return found?.[0];
    },
  };
}

function comesBefore(a: Place, b: Place): boolean {
  if (a.share !== b.share) return a.share === 'interactive';
  return a.turn === b.turn ? a.arrival < b.arrival : a.turn < b.turn;
}
