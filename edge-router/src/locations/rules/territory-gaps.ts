import { buildGeoIndex, findNearest } from './geo-index.ts';
import type { PostalCode } from './postal-codes.ts';
import { timezonesOfState } from './states.ts';

export interface OwnedPostalCode extends PostalCode {
  readonly isOwned: boolean;
}

const NEIGHBOURS = 6;
const OWNED_NEIGHBOURS = 4;
/** Farther than this is nobody's neighbour. */
const NEIGHBOUR_MILES = 60;

/**
 * Postal codes without an owner of whose six nearest at least four have one: holes, and not the places where the brand is
 * not. Only states with an owner are looked at, and no military mail, which is nowhere.
 */
export function findGaps(codes: readonly OwnedPostalCode[]): OwnedPostalCode[] {
  const states = new Set(codes.filter(({ isOwned }) => isOwned).map(({ state }) => state));
  const placed = codes.filter(({ state }) => timezonesOfState(state).length > 0);
  const index = buildGeoIndex(placed.map(({ coordinates }) => coordinates));
  return placed.filter((entry, self) => {
    if (entry.isOwned || !states.has(entry.state)) return false;
    const neighbours = findNearest({
      index,
      coordinates: entry.coordinates,
      limit: NEIGHBOURS,
      radiusMiles: NEIGHBOUR_MILES,
      accepts: (other) => other !== self,
    });
    return neighbours.filter((near) => placed[near.index]?.isOwned).length >= OWNED_NEIGHBOURS;
  });
}
