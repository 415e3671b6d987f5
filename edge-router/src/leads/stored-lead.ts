import type { LeadRow } from '../../../db/queries/find-lead.ts';
import type { Directory } from '../locations/rules/directory.ts';
import { describeRoutedLead, type RoutedLead } from './routed-lead.ts';
import { readStoredOutcome } from './stored-outcome.ts';

/** A lead as it is looked up: the answer it got, its own fields, and its time line. */
export type StoredLead = Omit<RoutedLead, 'replayed'> &
  Pick<
    LeadRow,
    | 'stage'
    | 'deliveredAt'
    | 'contactedAt'
    | 'closedAt'
    | 'actBy'
    | 'createdAt'
    | 'deliveries'
    | 'source'
    | 'externalId'
    | 'person'
    | 'place'
    | 'service'
    | 'score'
    | 'utm'
    | 'consent'
    | 'metadata'
  > & {
    readonly timeLine: readonly { readonly at: string; readonly kind: string; readonly detail: unknown }[];
  };

export function describeStoredLead(row: LeadRow, directory: Directory): StoredLead {
  const { replayed: _replayed, ...answer } = describeRoutedLead(
    { ...readStoredOutcome(row), replayed: false },
    directory,
  );
  const { stage, deliveredAt, contactedAt, closedAt, actBy, deliveries } = row;
  const { createdAt, source, externalId, person, place, service, score, utm, consent, metadata } = row;
  const decided = {
    at: createdAt,
    kind: answer.status,
    detail: { location: answer.location, reason: answer.decision.reason },
  };
  return {
    ...answer,
    stage,
    deliveredAt,
    contactedAt,
    closedAt,
    actBy,
    createdAt,
    source,
    externalId,
    person,
    place,
    service,
    score,
    utm,
    consent,
    metadata,
    deliveries,
    timeLine: [decided, ...row.events],
  };
}
