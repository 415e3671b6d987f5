import { acceptWebhook } from '../../../db/queries/accept-webhook.ts';
import type { AppDeps } from '../deps.ts';
import { searchContacts } from '../highlevel/calls/contacts.ts';
import type { Highlevel } from '../highlevel/highlevel.ts';
import { isReachable } from './rules/master-contact.ts';
import { findLeadSettings } from '../settings/find-lead-settings.ts';

const PAGE_SIZE = 100;
const MAX_PAGES = 5;
const EVERY_MINUTES = 15;
/** Overlaps the last sweep, and the one before, which may have failed. */
const LOOK_BACK_MS = 3 * EVERY_MINUTES * 60_000;

/**
 * Every 15 minutes: contacts of the master sub-account that no webhook told of. Each becomes an event under an id of its contact, and
 * goes the way of all others: what was routed before is not routed again.
 */
export async function sweepMasterContacts(
  deps: Pick<AppDeps, 'database' | 'nowMs' | 'log'> & { readonly highlevel: Highlevel | null },
  { isForced = false }: { readonly isForced?: boolean } = {},
): Promise<number> {
  const now = new Date(deps.nowMs());
  if (!deps.highlevel || (!isForced && now.getUTCMinutes() % EVERY_MINUTES !== 0)) return 0;
  const { settings } = await findLeadSettings(deps);
  const { ghlLocationId } = settings.master;
  if (ghlLocationId === null) return 0;
  const caller = deps.highlevel.callerFor({ share: 'bulk', row: 'master-sweep' });
  const sinceMs = deps.nowMs() - LOOK_BACK_MS;
  let found = 0;
  for (let page = 1; page <= MAX_PAGES; page++) {
    const sort = [{ field: 'dateAdded', direction: 'desc' as const }];
    const contacts = await searchContacts(caller, { ghlLocationId, filters: [], page, pageLimit: PAGE_SIZE, sort });
    if (!contacts.ok) {
      deps.log({ event: 'master_sweep_failed', kind: contacts.error.kind });
      return found;
    }
    const young = contacts.value.contacts.filter(({ dateAdded }) => Date.parse(dateAdded ?? '') >= sinceMs);
    // Whoever cannot be reached yet is left to a later sweep: an event is looked at once.
    for (const { id } of young.filter(isReachable)) {
      const payload = { type: 'ContactCreate', locationId: ghlLocationId, id };
      const event = { id: `sweep-${id}`, type: 'ContactCreate', ghlLocationId, resourceId: id };
      const outcome = await acceptWebhook(deps.database, {
        ...event,
        anywhere: true,
        reason: null,
        payload,
        settling: null,
      });
      if (outcome === 'accepted') found++;
    }
    if (young.length < PAGE_SIZE) break;
  }
  return found;
}
