import * as z from 'zod';
import type { Settling } from '../../highlevel/rules/settling.ts';

const text = z.string().max(500).nullish();

/** What of HighLevel's payloads the life of a lead needs; they are flat, but for appointments. */
const payloadSchema = z.looseObject({
  type: z.string(),
  locationId: text,
  id: text,
  contactId: text,
  status: text,
  email: text,
  phone: text,
  userId: text,
  messageType: text,
  /** Of an appointment, all but its location is in here. */
  appointment: z.looseObject({ contactId: text }).nullish(),
});

export interface LeadEvent {
  readonly type: string;
  readonly ghlLocationId: string;
  readonly contactId: string | null;
  readonly opportunityId: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  /** What it says of the lead; null where it says nothing of how it goes on. */
  readonly stage: 'contacted' | 'won' | 'lost' | null;
}

const contactTypes = new Set([
  'ContactCreate',
  'ContactUpdate',
  'ContactTagUpdate',
  'ContactDndUpdate',
  'ContactDelete',
]);
const relevantPrefix = /^(Contact|Opportunity|OutboundMessage|InboundMessage|Appointment)/;

/** Null for what says nothing of a lead. */
export function readLeadEvent(payload: unknown): LeadEvent | null {
  const parsed = payloadSchema.safeParse(payload);
  if (!parsed.success) return null;
  const { type, locationId, id, email, phone, appointment } = parsed.data;
  const contactId = parsed.data.contactId ?? appointment?.contactId;
  if (!locationId || !relevantPrefix.test(type)) return null;
  return {
    type,
    ghlLocationId: locationId,
    contactId: (contactTypes.has(type) ? id : contactId) ?? null,
    opportunityId: type.startsWith('Opportunity') ? (id ?? null) : null,
    email: email ?? null,
    phone: phone ?? null,
    stage: readStage(parsed.data),
  };
}

const contactNews = new Set(['ContactCreate', 'ContactUpdate', 'ContactTagUpdate']);

/** Whether the contact may be one to route, or our own writing come back. */
export function isOfContact({ type }: LeadEvent): boolean {
  return contactNews.has(type);
}

/** What an event is taken for without anything having to be done: nothing, where it says how a lead goes on. */
export function settleLeadEvent(event: LeadEvent | null): Settling {
  return {
    contactId: event?.contactId ?? null,
    opportunityId: event?.opportunityId ?? null,
    whenKnown: event?.stage ? null : event && isOfContact(event) ? 'echo' : 'not_needed',
    whenUnknown: 'not_needed',
    isRouted: event !== null && isOfContact(event),
  };
}

const ends = new Map<string, 'won' | 'lost'>([
  ['won', 'won'],
  ['lost', 'lost'],
  ['abandoned', 'lost'],
]);

/** How a lead ended whose opportunity has this status; null where it is open. */
export function readEnd(status: string | null | undefined): 'won' | 'lost' | null {
  return ends.get(status ?? '') ?? null;
}

/**
 * Contacted is what a person did: a message that a user sent, a call, an appointment, an opportunity that was put into another stage.
 * What workflows send has no user, and does not count.
 */
function readStage({ type, status, userId, messageType }: z.output<typeof payloadSchema>): LeadEvent['stage'] {
  const end = type.startsWith('Opportunity') ? readEnd(status) : null;
  if (end !== null) return end;
  if (type === 'OpportunityStageUpdate' || type === 'AppointmentCreate') return 'contacted';
  if (type === 'OutboundMessage' && (userId || messageType?.toUpperCase() === 'CALL')) return 'contacted';
  return null;
}
