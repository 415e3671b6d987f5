import * as z from 'zod';

const text = z.string().max(500).nullish();

/** What of HighLevel's payloads the life of a lead needs; they are flat. */
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
  const { type, locationId, id, contactId, email, phone } = parsed.data;
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
