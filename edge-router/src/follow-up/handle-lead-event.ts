import { findDeliveredLead } from '../../../db/queries/find-delivered-lead.ts';
import { findLeadByKey } from '../../../db/queries/find-lead-by-key.ts';
import { setLeadStage } from '../../../db/queries/set-lead-stage.ts';
import type { AppDeps } from '../deps.ts';
import type { KeyedHash } from '../http/hash.ts';
import { getContact } from '../highlevel/calls/contacts.ts';
import { listCustomFields } from '../highlevel/calls/customisation.ts';
import type { Highlevel } from '../highlevel/highlevel.ts';
import { personKeyInputs } from '../leads/rules/normalise.ts';
import { parseEmail } from '../rules/email.ts';
import { parsePhone } from '../rules/phone.ts';
import type { LeadSettings } from '../rules/lead-settings.ts';
import { DELIVERED_TAG } from '../rules/tags.ts';
import { findLeadSettings } from '../settings/find-lead-settings.ts';
import { readLeadEvent, type LeadEvent } from './rules/lead-event.ts';
import { isReachable, toLeadBody } from './rules/master-contact.ts';

export type LeadEventDeps = Pick<AppDeps, 'database' | 'log'> & {
  readonly highlevel: Highlevel | null;
  readonly hashPerson: KeyedHash;
  /** As `POST /v1/leads` would; null when the same contact came before with other words, or the body is no lead. */
  readonly routeLead: (body: unknown) => Promise<{ readonly leadId: string; readonly replayed: boolean } | null>;
};

/** What became of an event; null: it is too early, and is looked at again. */
export interface HandledEvent {
  readonly handledAs: string;
  readonly leadId?: string;
}

const nothing: HandledEvent = { handledAs: 'not_needed' };

/**
 * Does what HighLevel tells of a lead's life. A contact in the master sub-account is routed; what comes of our own deliveries is an
 * echo; what a location does with its contact moves the lead on. Safe to do twice, in any order.
 */
export async function handleLeadEvent(
  deps: LeadEventDeps,
  { id, payload, happenedAt }: { readonly id: string; readonly payload: unknown; readonly happenedAt: string },
): Promise<HandledEvent | null> {
  const event = readLeadEvent(payload);
  if (!event) return nothing;
  const { settings } = await findLeadSettings(deps);
  const isMaster = event.ghlLocationId === settings.master.ghlLocationId;
  const isOfContact =
    event.type === 'ContactCreate' || event.type === 'ContactUpdate' || event.type === 'ContactTagUpdate';
  if (isOfContact && event.tags.includes(DELIVERED_TAG)) return { handledAs: 'echo' };
  const known = await findDeliveredLead(deps.database, { ...event, personHashes: hashesOf(deps, event) });
  if (known && event.stage === null) return isOfContact ? { handledAs: 'echo', leadId: known.leadId } : nothing;
  if (known && event.stage !== null) {
    // Its contact is being written this moment: the delivery's end comes back to this.
    if (!known.isKnown) return null;
    if (Date.parse(happenedAt) < Date.parse(known.createdAt))
      return { handledAs: 'before_delivery', leadId: known.leadId };
    const outcome = await setLeadStage(deps.database, {
      leadId: known.leadId,
      stage: event.stage,
      happenedAt,
      locationId: known.locationId,
      messageId: `webhook-${id}`,
      detail: { by: 'highlevel', event: event.type },
    });
    return { handledAs: outcome === 'set' ? event.stage : `stage_${outcome}`, leadId: known.leadId };
  }
  if (isMaster && isOfContact && event.contactId !== null) return routeContact(deps, event.contactId, settings.master);
  return nothing;
}

function hashesOf({ hashPerson }: LeadEventDeps, { email, phone }: LeadEvent): string[] {
  const parsedPhone = phone === null ? null : (parsePhone(phone, 'US')?.e164 ?? null);
  return personKeyInputs({ email: email === null ? null : parseEmail(email), phone: parsedPhone }).map((text) =>
    hashPerson(text),
  );
}

/** The contact is read, not believed: webhooks overtake each other. */
async function routeContact(
  { database, highlevel, routeLead, log }: LeadEventDeps,
  contactId: string,
  { ghlLocationId, source, serviceFieldKey }: LeadSettings['master'],
): Promise<HandledEvent | null> {
  if (!highlevel || ghlLocationId === null) return nothing;
  const before = await findLeadByKey(database, { source, externalId: contactId });
  if (before !== null) return { handledAs: 'routed_before', leadId: before };
  const caller = highlevel.callerFor({ share: 'interactive', row: contactId });
  const contact = await getContact(caller, { ghlLocationId, contactId });
  if (!contact.ok && contact.error.kind === 'not_found') return { handledAs: 'contact_gone' };
  const fields =
    contact.ok && contact.value.customFields.length > 0
      ? await listCustomFields(caller, ghlLocationId, 'contact')
      : null;
  if (!contact.ok || (fields && !fields.ok)) {
    const error = contact.ok ? (fields?.ok === false ? fields.error : null) : contact.error;
    log({ event: 'contact_not_read', contactId, kind: error?.kind });
    return null;
  }
  if (contact.value.tags.includes(DELIVERED_TAG)) return { handledAs: 'echo' };
  if (!isReachable(contact.value)) return { handledAs: 'incomplete' };
  const keysById = new Map(
    (fields?.ok ? fields.value : []).flatMap(({ id, fieldKey }) => (fieldKey ? [[id, fieldKey] as const] : [])),
  );
  const routed = await routeLead(toLeadBody(contact.value, { source, serviceFieldKey, keysById }));
  if (!routed) {
    const other = await findLeadByKey(database, { source, externalId: contactId });
    return other === null ? { handledAs: 'no_lead' } : { handledAs: 'routed_before', leadId: other };
  }
  return { handledAs: routed.replayed ? 'routed_before' : 'routed', leadId: routed.leadId };
}
