import { acceptWebhook } from '../queries/accept-webhook.ts';
import { assignLead } from '../queries/assign-lead.ts';
import { beginDelivery } from '../queries/begin-delivery.ts';
import { findAwaitedLeads } from '../queries/find-awaited-leads.ts';
import { findDeliveredLeads } from '../queries/find-delivered-leads.ts';
import { findLead } from '../queries/find-lead.ts';
import { listLeads, type LeadListRequest } from '../queries/list-leads.ts';
import { measureParkingLot } from '../queries/measure-parking-lot.ts';
import { openDeliveries } from '../queries/open-deliveries.ts';
import { recordAnnouncements } from '../queries/record-announcements.ts';
import { setLeadStage } from '../queries/set-lead-stage.ts';
import type { Database } from '../database.ts';
import { assignLeadRequest, sha256 } from '../testing/assign-lead-request.ts';

/** A lead that is there, and who it is. */
export interface KnownLead {
  readonly id: string;
  readonly createdAt: Date;
  readonly source: string;
  readonly externalId: string;
  readonly locationId: string;
  readonly ghlLocationId: string;
  readonly deliveryId: string;
}

export interface HotQuery {
  readonly name: string;
  readonly run: (database: Database, lead: KnownLead) => Promise<unknown>;
  /** Each is a part of the name of an index that the plan goes by. */
  readonly indexes: readonly string[];
  /** How many partitions of leads it reads at most; without end where nothing says which. */
  readonly partitions: number;
}

const everything: LeadListRequest = {
  limit: 50,
  cursor: null,
  order: 'newest',
  status: null,
  stage: null,
  locationId: null,
  source: null,
  from: null,
  to: null,
};

const monthOf = (lead: KnownLead): { from: string; to: string } => {
  const [year, month] = [lead.createdAt.getUTCFullYear(), lead.createdAt.getUTCMonth()];
  return { from: new Date(Date.UTC(year, month)).toISOString(), to: new Date(Date.UTC(year, month + 1)).toISOString() };
};

let announced = 0;

/** What the router asks Postgres most, with the functions that it asks by. */
export const hotQueries: readonly HotQuery[] = [
  {
    name: 'a lead is assigned',
    run: (database, { locationId }) => {
      const unlike = String(Math.random());
      const request = { externalId: unlike, bodyHash: sha256(unlike), personHashes: [sha256(unlike)] };
      return assignLead(database, assignLeadRequest([locationId], request));
    },
    indexes: ['lead_keys_pkey', 'person_keys_pkey', 'location_keys_pkey', 'location_capacity_pkey'],
    partitions: 1,
  },
  {
    name: 'a lead that came before is recognised',
    run: (database, { source, externalId, locationId }) =>
      assignLead(database, assignLeadRequest([locationId], { source, externalId, bodyHash: sha256(externalId) })),
    indexes: ['lead_keys_pkey', 'leads_*_pkey'],
    partitions: 1,
  },
  {
    name: 'a lead is looked up',
    run: (database, { id }) => findLead(database, id),
    indexes: ['leads_*_pkey', 'lead_events_pkey'],
    partitions: 1,
  },
  {
    name: 'a location’s leads, the newest first',
    run: (database, { locationId }) => listLeads(database, { ...everything, locationId }),
    indexes: ['leads_*_location_id_created_at_score_idx'],
    partitions: Infinity,
  },
  {
    name: 'a location’s leads of a month',
    run: (database, lead) => listLeads(database, { ...everything, locationId: lead.locationId, ...monthOf(lead) }),
    indexes: ['leads_*_location_id_created_at_score_idx'],
    // And what no month takes.
    partitions: 2,
  },
  {
    name: 'a page of all leads of a month',
    run: (database, lead) => listLeads(database, { ...everything, cursor: lead.id, ...monthOf(lead) }),
    indexes: ['leads_*_pkey'],
    partitions: 2,
  },
  {
    name: 'the parking lot, the oldest first',
    run: (database) => listLeads(database, { ...everything, status: 'parked', order: 'oldest' }),
    indexes: ['leads_*_created_at_idx'],
    partitions: Infinity,
  },
  {
    name: 'how long the parking lot has waited',
    run: (database) => measureParkingLot(database),
    indexes: ['leads_*_created_at_idx'],
    partitions: Infinity,
  },
  {
    name: 'news is written onto a time line',
    run: (database, { id }) =>
      recordAnnouncements(database, {
        announcements: [{ outboxId: ++announced, topic: 'lead.assigned', leadId: id }],
        messageId: 'message',
      }),
    // Written, never looked for.
    indexes: [],
    partitions: 0,
  },
  {
    name: 'a delivery is opened',
    run: (database, { id }) => openDeliveries(database, [id]),
    indexes: ['leads_*_pkey', 'location_keys_pkey', 'deliveries_lead_id_move_key'],
    partitions: 1,
  },
  {
    name: 'a delivery is begun',
    run: (database, { deliveryId }) => beginDelivery(database, { id: deliveryId, turn: 1, leaseSeconds: 60 }),
    indexes: ['deliveries_pkey'],
    partitions: 1,
  },
  {
    name: 'HighLevel’s news is stored and settled',
    run: (database, { externalId, ghlLocationId }) =>
      acceptWebhook(database, {
        id: `at-rest-${Math.random()}`,
        type: 'ContactUpdate',
        ghlLocationId,
        resourceId: `contact-${externalId}`,
        anywhere: false,
        reason: null,
        payload: {},
        settling: {
          contactId: `contact-${externalId}`,
          opportunityId: null,
          whenKnown: 'echo',
          whenUnknown: 'not_needed',
          isRouted: true,
        },
      }),
    indexes: ['deliveries_contact'],
    partitions: 0,
  },
  {
    name: 'HighLevel’s news finds its lead',
    run: (database, { externalId, ghlLocationId }) =>
      findDeliveredLeads(database, [{ ghlLocationId, contactId: `contact-${externalId}`, opportunityId: null }]),
    indexes: ['deliveries_contact'],
    partitions: 0,
  },
  {
    name: 'HighLevel’s news finds no lead',
    run: (database, { ghlLocationId }) =>
      findDeliveredLeads(database, [{ ghlLocationId, contactId: String(Math.random()), opportunityId: null }]),
    indexes: ['deliveries_contact', 'deliveries_awaited'],
    partitions: 0,
  },
  {
    name: 'HighLevel’s news finds its person',
    run: (database, { externalId, ghlLocationId }) =>
      findAwaitedLeads(database, [{ ghlLocationId, personHashes: [sha256(`person-${externalId}`)] }]),
    indexes: ['deliveries_awaited'],
    partitions: 0,
  },
  {
    name: 'a lead is won',
    run: (database, { id, locationId, createdAt }) =>
      setLeadStage(database, {
        leadId: id,
        stage: 'won',
        happenedAt: createdAt.toISOString(),
        locationId,
        messageId: 'message',
        detail: {},
      }),
    indexes: ['leads_*_pkey', 'lead_events_pkey'],
    partitions: 1,
  },
];

/** What goes by other plans where there are few leads: measured where there are many. */
export const measuredQueries: readonly Pick<HotQuery, 'name' | 'run'>[] = [
  ...hotQueries,
  {
    name: 'a page of a source that nobody has',
    run: (database) => listLeads(database, { ...everything, source: 'fax' }),
  },
];
