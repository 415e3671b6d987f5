import {
  addContactTags,
  addContactToWorkflow,
  getContact,
  removeContactTags,
  upsertContact,
} from '../highlevel/calls/contacts.ts';
import { err, ok } from '../rules/result.ts';
import { REASSIGNED_TAG } from '../rules/tags.ts';
import type { DeliveryTask, TaskOutcome } from './delivery-task.ts';
import { ensureOpportunity } from './ensure-opportunity.ts';
import { tagsOfLead, toContactFields } from './rules/contact-fields.ts';
import { describeHighlevelError, type DeliveryFailure } from './rules/judge-failure.ts';
import type { SubAccountFacts } from './sub-account-facts.ts';

const done: TaskOutcome = ok(undefined);
const overtaken: TaskOutcome = err('overtaken');

/**
 * Contact, tags, opportunity, the start of the new-lead workflow, and a look whether all of it is there. Each part is written down
 * when it is done, so the next try begins after it; what cannot be repeated safely is written down before.
 */
export async function deliverLead(task: DeliveryTask): Promise<TaskOutcome> {
  const { caller, delivery, settings } = task;
  const { email, phone } = delivery.lead;
  if (email === null && phone === null) return err(noContactDetails);
  const facts = await task.facts.find(caller, delivery.ghlLocationId, settings);
  if (!facts.ok) return err(describeHighlevelError(facts.error, 'looking at the sub-account'));
  const steps = [ensureContact, ensureTags, ensureOpportunity, enrol, start, readBack];
  for (const step of steps) {
    const outcome = await step(task, facts.value);
    if (!outcome.ok) return outcome;
  }
  return done;
}

/** HighLevel knows a contact by e-mail and phone alone: without either, each try would make another one. */
const noContactDetails: DeliveryFailure = {
  kind: 'no_contact_details',
  detail: 'The lead has neither e-mail nor phone: a person has to look at it.',
  traceId: null,
  retryAfterMs: null,
};

/** Safe to repeat: it finds the contact by e-mail or phone. Tags are left out, for they would replace those that are there. */
async function ensureContact(task: DeliveryTask, facts: SubAccountFacts): Promise<TaskOutcome> {
  if (task.contactId() !== null) return done;
  const { caller, delivery, settings } = task;
  const { leadId, lead, ghlLocationId } = delivery;
  const wasSent = task.parts().contactSent === true;
  if (!(await task.save({ parts: { contactSent: true } }))) return overtaken;
  const { fields, missing } = toContactFields(leadId, lead, {
    mapping: settings.customFields,
    idsByKey: facts.fieldIdsByKey,
  });
  const upserted = await upsertContact(caller, { ghlLocationId, ...fields });
  if (!upserted.ok) return err(describeHighlevelError(upserted.error, 'writing the contact'));
  const { contact, isNew } = upserted.value;
  const isPhoneOfAnother = Boolean(lead.phone && contact.phone && contact.phone !== lead.phone);
  const notes = [
    ...missing.map((fieldKey) => `custom field ${fieldKey} is not in the sub-account`),
    ...(isPhoneOfAnother ? ['the phone belongs to another contact of the sub-account'] : []),
  ];
  const parts = { wasKnown: !isNew && !wasSent, ...(notes.length > 0 ? { notes } : {}) };
  return (await task.save({ contactId: contact.id, parts })) ? done : overtaken;
}

/**
 * Our tag first of all. A contact of old may bear the start tag, which starts something only when it is added anew, and may have been
 * taken away from this sub-account before.
 */
async function ensureTags(task: DeliveryTask): Promise<TaskOutcome> {
  const contactId = task.contactId();
  if (contactId === null || task.parts().tagged) return done;
  const request = { ghlLocationId: task.delivery.ghlLocationId, contactId };
  const { startTag } = task.settings;
  if (task.parts().wasKnown && !task.parts().oldTagsCleared) {
    const tags = [REASSIGNED_TAG, ...(startTag === null ? [] : [startTag])];
    const cleared = await removeContactTags(task.caller, { ...request, tags });
    if (!cleared.ok) return failPart(task, cleared.error, 'taking old tags off');
    if (!(await task.save({ parts: { oldTagsCleared: true } }))) return overtaken;
  }
  const tagged = await addContactTags(task.caller, { ...request, tags: tagsOfLead(task.settings) });
  if (!tagged.ok) return failPart(task, tagged.error, 'tagging the contact');
  return (await task.save({ parts: { tagged: true } })) ? done : overtaken;
}

/** An enrolment cannot be looked up: of one whose outcome is unknown a person is told, and it is not sent again. */
async function enrol(task: DeliveryTask, { workflowId }: SubAccountFacts): Promise<TaskOutcome> {
  const contactId = task.contactId();
  const { enrolment } = task.parts();
  if (contactId === null || task.settings.workflowName === null) return done;
  if (enrolment === 'sent') return endEnrolment(task, 'unknown');
  if (enrolment !== undefined) return done;
  if (workflowId === null) return endEnrolment(task, 'none');
  if (!(await task.save({ parts: { enrolment: 'sent' } }))) return overtaken;
  const { ghlLocationId } = task.delivery;
  const enrolled = await addContactToWorkflow(task.caller, { ghlLocationId, contactId, workflowId });
  if (enrolled.ok) return endEnrolment(task, 'done');
  const { kind } = enrolled.error;
  if (kind === 'unknown_outcome' || kind === 'unexpected_answer') return endEnrolment(task, 'unknown');
  if (!(await task.save({ parts: { enrolment: undefined } }))) return overtaken;
  return failPart(task, enrolled.error, 'starting the workflow');
}

const enrolmentNotes = {
  done: null,
  unknown: 'whether the workflow was started is unknown; it was not started again',
  none: 'the sub-account has no published workflow of that name',
} as const;

async function endEnrolment(task: DeliveryTask, enrolment: keyof typeof enrolmentNotes): Promise<TaskOutcome> {
  const note = enrolmentNotes[enrolment];
  const notes = [...(task.parts().notes ?? []), ...(note === null ? [] : [note])];
  return (await task.save({ parts: { enrolment, ...(notes.length > 0 ? { notes } : {}) } })) ? done : overtaken;
}

/** Comes last, so that the workflow finds all there is. */
async function start(task: DeliveryTask): Promise<TaskOutcome> {
  const contactId = task.contactId();
  const { startTag } = task.settings;
  if (contactId === null || startTag === null || task.parts().started) return done;
  const request = { ghlLocationId: task.delivery.ghlLocationId, contactId, tags: [startTag] };
  const tagged = await addContactTags(task.caller, request);
  if (!tagged.ok) return failPart(task, tagged.error, 'adding the start tag');
  return (await task.save({ parts: { started: true } })) ? done : overtaken;
}

/** What HighLevel answered is held against what it has. A tag that a workflow has taken off again is no fault. */
async function readBack(task: DeliveryTask): Promise<TaskOutcome> {
  const contactId = task.contactId();
  if (contactId === null) return done;
  const found = await getContact(task.caller, { ghlLocationId: task.delivery.ghlLocationId, contactId });
  if (!found.ok) return failPart(task, found.error, 'reading the contact back');
  const has = new Set(found.value.tags.map((tag) => tag.toLowerCase()));
  if (tagsOfLead(task.settings).every((tag) => has.has(tag.toLowerCase()))) return done;
  if (!(await task.save({ parts: { tagged: false } }))) return overtaken;
  const detail = 'The contact does not have the tags that it was given.';
  return err({ kind: 'not_as_written', detail, traceId: null, retryAfterMs: null });
}

/** A contact that is gone is made again, with all that belongs to it. */
async function failPart(
  task: DeliveryTask,
  error: Parameters<typeof describeHighlevelError>[0],
  doing: string,
): Promise<TaskOutcome> {
  if (error.kind === 'not_found') {
    const parts = { tagged: false, started: false, opportunity: undefined, opportunitySentAt: undefined };
    if (!(await task.save({ contactId: null, opportunityId: null, parts }))) return overtaken;
  }
  return err(describeHighlevelError(error, doing));
}
