import { claimLocationSweeps } from '../../../db/queries/claim-location-sweeps.ts';
import { listOpenDeliveries } from '../../../db/queries/list-open-deliveries.ts';
import { setLeadStage } from '../../../db/queries/set-lead-stage.ts';
import type { AppDeps } from '../deps.ts';
import { searchOpportunities } from '../highlevel/calls/opportunities.ts';
import type { Highlevel } from '../highlevel/highlevel.ts';
import { readSweptStage } from './rules/swept-opportunity.ts';

/** Each minute of the night; 20 in each come to 7,200 a night. */
const LOCATIONS_PER_SWEEP = 20;
/** Night in America, in UTC. */
const NIGHT = { fromHour: 5, toHour: 11 };
const OLDER_THAN_HOURS = 20;
const LOOK_BACK_DAYS = 60;
const MAX_LEADS = 1000;
const PAGE_SIZE = 100;
const MAX_PAGES = 10;

type Deps = Pick<AppDeps, 'database' | 'nowMs' | 'log'>;

/**
 * By night: sub-accounts, some each minute, are asked for opportunities that were won, lost or put into another stage while no webhook told of it. Calls
 * come from the share of the rate budget that bulk work has.
 * @returns how many leads went on
 */
export async function sweepLocations(
  deps: Deps & { readonly highlevel: Highlevel | null },
  { isForced = false }: { readonly isForced?: boolean } = {},
): Promise<number> {
  const { highlevel } = deps;
  const hour = new Date(deps.nowMs()).getUTCHours();
  if (!highlevel || (!isForced && (hour < NIGHT.fromHour || hour >= NIGHT.toHour))) return 0;
  const due = await claimLocationSweeps(deps.database, {
    limit: LOCATIONS_PER_SWEEP,
    olderThanHours: isForced ? 0 : OLDER_THAN_HOURS,
  });
  let moved = 0;
  for (const location of due) moved += await sweepLocation({ ...deps, highlevel }, location);
  return moved;
}

async function sweepLocation(
  { database, log, highlevel }: Deps & { readonly highlevel: Highlevel },
  { locationId, ghlLocationId }: { readonly locationId: string; readonly ghlLocationId: string },
): Promise<number> {
  const open = await listOpenDeliveries(database, { locationId, days: LOOK_BACK_DAYS, limit: MAX_LEADS });
  const wanted = new Map(open.map((delivery) => [delivery.opportunityId, delivery]));
  const caller = highlevel.callerFor({ share: 'bulk', row: `sweep-${locationId}` });
  let after: { readonly startAfter: number; readonly startAfterId: string } | undefined;
  let moved = 0;
  for (let page = 0; page < MAX_PAGES && wanted.size > 0; page++) {
    const search = { ghlLocationId, status: 'all' as const, limit: PAGE_SIZE, ...(after ? { after } : {}) };
    const found = await searchOpportunities(caller, search);
    if (!found.ok) {
      log({ event: 'location_sweep_failed', locationId, kind: found.error.kind });
      return moved;
    }
    const { opportunities, next } = found.value;
    for (const opportunity of opportunities) {
      const delivery = wanted.get(opportunity.id);
      wanted.delete(opportunity.id);
      const goesOn = delivery && readSweptStage(opportunity, delivery);
      if (!goesOn) continue;
      const outcome = await setLeadStage(database, {
        ...goesOn,
        leadId: delivery.leadId,
        locationId,
        messageId: `sweep-${opportunity.id}-${goesOn.stage}`,
        detail: { by: 'highlevel', event: 'sweep' },
      });
      if (outcome === 'set') moved++;
    }
    if (next === null || opportunities.length < PAGE_SIZE) break;
    after = next;
  }
  return moved;
}
