import type { DirectoryLocation } from '../../locations/rules/directory.ts';
import { isOpenAt } from '../../locations/rules/opening-hours.ts';
import type { RefusalVerdict, Verdict } from './decision.ts';

export interface EligibilityQuestion {
  readonly service: string | null;
  /** What Postgres already refused in this decision. */
  readonly refusals: ReadonlyMap<string, RefusalVerdict>;
  /** The moment at which it has to be open; null where hours do not matter. */
  readonly openAtMs?: number | null;
}

/**
 * Why a location may not take the lead, or null when it may. A location that lists no services offers all of them.
 * Room is not known here beyond a cap of zero: the count that decides is taken with the seat.
 */
export function findObstacle(location: DirectoryLocation, question: EligibilityQuestion): Verdict | null {
  if (question.refusals.get(location.id) === 'excluded') return 'excluded';
  if (!location.active) return 'inactive';
  if (location.paused) return 'paused';
  if (question.service && location.services.length > 0 && !location.services.includes(question.service))
    return 'no_service';
  const openAtMs = question.openAtMs ?? null;
  if (openAtMs !== null && !isOpenAt(location, openAtMs)) return 'closed';
  return question.refusals.get(location.id) ?? null;
}
