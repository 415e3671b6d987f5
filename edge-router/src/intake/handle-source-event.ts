import type { Database } from '../../../db/database.ts';
import { findLeadByKey } from '../../../db/queries/find-lead-by-key.ts';
import type { HandleSourceEvent } from '../highlevel/handle-webhooks.ts';
import { hashText } from '../http/hash.ts';
import { isUsable, readLeadBody } from './rules/read-lead-body.ts';
import type { SourceBook } from './source-book.ts';

/** Routes what a source sent, by the mapping that the source has now. An event is one lead, however often it is handled. */
export function createSourceEventHandler(deps: {
  readonly database: Database;
  readonly sources: SourceBook;
  readonly routeLead: (body: unknown) => Promise<{ readonly leadId: string; readonly replayed: boolean } | null>;
}): HandleSourceEvent {
  return async ({ id, source, payload }) => {
    const known = await deps.sources.find(source);
    const read = readLeadBody(payload, known?.mapping ?? {});
    if (!isUsable(read)) return { handledAs: 'no_lead' };
    const externalId = `event-${hashText(id)}`;
    const routed = await deps.routeLead({ ...read.lead, source, externalId });
    if (!routed) {
      // By another mapping it was another lead: the first one stays.
      const before = await findLeadByKey(deps.database, { source, externalId });
      return before === null ? { handledAs: 'no_lead' } : { handledAs: 'routed_before', leadId: before };
    }
    return { handledAs: routed.replayed ? 'routed_before' : 'routed', leadId: routed.leadId };
  };
}
