import type { Settling } from '../../highlevel/rules/settling.ts';
import { toldText } from '../../highlevel/rules/told-text.ts';

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

/** Null for what says nothing of a lead. Payloads are flat, but for appointments, whose contact is in a field of theirs. */
export function readLeadEvent(payload: unknown): LeadEvent | null {
  const told = isRecord(payload) ? payload : {};
  const [type, ghlLocationId] = [toldText(told['type']), toldText(told['locationId'])];
  if (type === null || ghlLocationId === null || !relevantPrefix.test(type)) return null;
  const id = toldText(told['id']);
  const appointment = isRecord(told['appointment']) ? told['appointment'] : {};
  const contactId = toldText(told['contactId']) ?? toldText(appointment['contactId']);
  return {
    type,
    ghlLocationId,
    contactId: contactTypes.has(type) ? id : contactId,
    opportunityId: type.startsWith('Opportunity') ? id : null,
    email: toldText(told['email']),
    phone: toldText(told['phone']),
    stage: readStage(type, told),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
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
function readStage(type: string, told: Readonly<Record<string, unknown>>): LeadEvent['stage'] {
  const end = type.startsWith('Opportunity') ? readEnd(toldText(told['status'])) : null;
  if (end !== null) return end;
  if (type === 'OpportunityStageUpdate' || type === 'AppointmentCreate') return 'contacted';
  if (type !== 'OutboundMessage') return null;
  const isByPerson = toldText(told['userId']) !== null || toldText(told['messageType'])?.toUpperCase() === 'CALL';
  return isByPerson ? 'contacted' : null;
}
