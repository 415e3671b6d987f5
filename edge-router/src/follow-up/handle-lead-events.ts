import type { DeliveredLead } from '../../../db/queries/delivered-lead-row.ts';
import { findAwaitedLeads } from '../../../db/queries/find-awaited-leads.ts';
import { findDeliveredLeads } from '../../../db/queries/find-delivered-leads.ts';
import { findLeadByKey } from '../../../db/queries/find-lead-by-key.ts';
import { setLeadStage } from '../../../db/queries/set-lead-stage.ts';
import type { AppDeps } from '../deps.ts';
import type { KeyedHash } from '../http/hash.ts';
import { getContact } from '../highlevel/calls/contacts.ts';
import { listCustomFields } from '../highlevel/calls/customisation.ts';
import type { Handled, Handling, ToldWebhook } from '../highlevel/handle-webhooks.ts';
import type { Highlevel } from '../highlevel/highlevel.ts';
import { personKeyInputs } from '../leads/rules/normalise.ts';
import { parseEmail } from '../rules/email.ts';
import { parsePhone } from '../rules/phone.ts';
import type { LeadSettings } from '../rules/lead-settings.ts';
import { DELIVERED_TAG } from '../rules/tags.ts';
import { findLeadSettings } from '../settings/find-lead-settings.ts';
import { isOfContact, readLeadEvent, settleLeadEvent, type LeadEvent } from './rules/lead-event.ts';
import { isReachable, toLeadBody } from './rules/master-contact.ts';

export type LeadEventDeps = Pick<AppDeps, 'database' | 'log'> & {
  readonly highlevel: Highlevel | null;
  readonly hashPerson: KeyedHash;
  /** As `POST /v1/leads` would; null when the same contact came before with other words, or the body is no lead. */
  readonly routeLead: (body: unknown) => Promise<{ readonly leadId: string; readonly replayed: boolean } | null>;
};

const nothing: NonNullable<Handled> = { handledAs: 'not_needed' };

/**
 * What HighLevel tells of a lead's life. A contact in the master sub-account is routed; what comes of our own deliveries is an
 * echo; what a location does with its contact moves the lead on. Safe to do twice, in any order.
 * @returns for each what it is, or the work that it asks for; null: it is too early, and is looked at again
 */
export async function handleLeadEvents(deps: LeadEventDeps, told: readonly ToldWebhook[]): Promise<Handling[]> {
  const events = told.map(({ payload }) => readLeadEvent(payload));
  const read = events.flatMap((event) => event ?? []);
  if (read.length === 0) return told.map(() => nothing);
  const [{ settings }, known] = await Promise.all([findLeadSettings(deps), findKnownLeads(deps, read)]);
  const ofRead = known.values();
  return told.map((one, at) => {
    const event = events[at];
    return event
      ? judge(deps, { ...one, event, known: ofRead.next().value ?? null, master: settings.master })
      : nothing;
  });
}

interface KnownLead extends DeliveredLead {
  /** False where it is on its way, and the person says that this is it. */
  readonly isContactKnown: boolean;
}

/** `unclear`: one is on its way, and nothing here says of whom this is. */
type Found = KnownLead | 'unclear' | null;

/** Hashes are slow to make, so they are made only where somebody is waited for. */
async function findKnownLeads(deps: LeadEventDeps, events: readonly LeadEvent[]): Promise<Found[]> {
  const found = await findDeliveredLeads(deps.database, events);
  const people = events
    .filter((_, at) => found[at] === 'awaited')
    .map((event) => ({ ...event, personHashes: hashesOf(deps, event) }));
  const awaited = await findAwaitedLeads(deps.database, people);
  const ofPeople = people
    .map(({ personHashes }, at): Found => {
      const lead = awaited[at];
      if (lead) return { ...lead, isContactKnown: false };
      return personHashes.length === 0 ? 'unclear' : null;
    })
    .values();
  return found.map((one) => {
    if (one === 'awaited') return ofPeople.next().value ?? null;
    return one && { ...one.lead, isContactKnown: true };
  });
}

interface Told extends ToldWebhook {
  readonly event: LeadEvent;
  readonly known: Found;
  readonly master: LeadSettings['master'];
}

function judge(deps: LeadEventDeps, told: Told): Handling {
  const { event, happenedAt, master } = told;
  const { stage, contactId } = event;
  const { whenKnown } = settleLeadEvent(event);
  // It may be of the one that is on its way: then that one's contact is known soon.
  if (told.known === 'unclear' && stage !== null) return null;
  const known = told.known === 'unclear' ? null : told.known;
  if (known && whenKnown !== null) return { handledAs: whenKnown, leadId: known.leadId };
  if (known && stage !== null) {
    // Its contact is being written this moment: the delivery's end comes back to this.
    if (!known.isContactKnown) return null;
    const { leadId } = known;
    if (Date.parse(happenedAt) < Date.parse(known.createdAt)) return { handledAs: 'before_delivery', leadId };
    return () => moveOn(deps, { ...told, lead: known, stage });
  }
  if (event.ghlLocationId !== master.ghlLocationId || !isOfContact(event) || contactId === null) return nothing;
  return () => routeContact(deps, contactId, master);
}

async function moveOn(
  { database }: LeadEventDeps,
  { id, happenedAt, event, lead, stage }: Told & { lead: DeliveredLead; stage: NonNullable<LeadEvent['stage']> },
): Promise<Handled> {
  const { leadId, locationId } = lead;
  const outcome = await setLeadStage(database, {
    leadId,
    stage,
    happenedAt,
    locationId,
    messageId: `webhook-${id}`,
    detail: { by: 'highlevel', event: event.type },
  });
  return { handledAs: outcome === 'set' ? stage : `stage_${outcome}`, leadId };
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
): Promise<Handled> {
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
