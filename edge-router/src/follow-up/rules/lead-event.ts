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
  tags: z.array(z.unknown()).nullish(),
});

export interface LeadEvent {
  readonly type: string;
  readonly ghlLocationId: string;
  readonly contactId: string | null;
  readonly opportunityId: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly tags: readonly string[];
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
  const { type, locationId, id, contactId, email, phone, tags } = parsed.data;
  if (!locationId || !relevantPrefix.test(type)) return null;
  return {
    type,
    ghlLocationId: locationId,
    contactId: (contactTypes.has(type) ? id : contactId) ?? null,
    opportunityId: type.startsWith('Opportunity') ? (id ?? null) : null,
    email: email ?? null,
    phone: phone ?? null,
    tags: (tags ?? []).filter((tag): tag is string => typeof tag === 'string'),
    stage: readStage(parsed.data),
  };
}

const wonOrLost: Readonly<Record<string, 'won' | 'lost'>> = { won: 'won', lost: 'lost', abandoned: 'lost' };

/**
 * Contacted is what a person did: a message that a user sent, a call, an appointment, an opportunity that was put into another stage.
 * What workflows send has no user, and does not count.
 */
function readStage({ type, status, userId, messageType }: z.output<typeof payloadSchema>): LeadEvent['stage'] {
  if (type.startsWith('Opportunity') && status) {
    const closed = wonOrLost[status];
    if (closed) return closed;
  }
  if (type === 'OpportunityStageUpdate' || type === 'AppointmentCreate') return 'contacted';
  if (type === 'OutboundMessage' && (userId || messageType?.toUpperCase() === 'CALL')) return 'contacted';
  return null;
}
