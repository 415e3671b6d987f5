import { addContactTags, findDuplicateContact } from '../highlevel/calls/contacts.ts';
import { getOpportunity, updateOpportunityStatus } from '../highlevel/calls/opportunities.ts';
import { err, ok } from '../rules/result.ts';
import { REASSIGNED_TAG } from '../rules/tags.ts';
import type { DeliveryTask, TaskOutcome } from './delivery-task.ts';
import { describeHighlevelError } from './rules/judge-failure.ts';

const done: TaskOutcome = ok(undefined);

/**
 * The sub-account that lost a lead: its contact is tagged, the opportunity that we made for it abandoned. Both are safe to repeat.
 * What somebody there has deleted is done with.
 */
export async function withdrawLead(task: DeliveryTask): Promise<TaskOutcome> {
  const { caller, delivery } = task;
  const { ghlLocationId } = delivery;
  const contactId = task.contactId() ?? (await findContact(task));
  if (contactId === null) return done;
  if (typeof contactId !== 'string') return contactId;
  const tagged = await addContactTags(caller, { ghlLocationId, contactId, tags: [REASSIGNED_TAG] });
  if (!tagged.ok && tagged.error.kind !== 'not_found') {
    return err(describeHighlevelError(tagged.error, 'tagging the contact as reassigned'));
  }
  const opportunityId = task.opportunityId();
  // One that was found there belongs to earlier business of the same person.
  if (opportunityId === null || task.parts().opportunity === 'found') return done;
  const found = await getOpportunity(caller, { ghlLocationId, opportunityId });
  if (!found.ok) {
    if (found.error.kind === 'not_found') return done;
    return err(describeHighlevelError(found.error, 'reading the opportunity'));
  }
  if (found.value.status !== 'open') return done;
  const changed = await updateOpportunityStatus(caller, { ghlLocationId, opportunityId, status: 'abandoned' });
  return changed.ok ? done : err(describeHighlevelError(changed.error, 'abandoning the opportunity'));
}

/** The delivery ended before it knew whether its contact was made. */
async function findContact({ caller, delivery }: DeliveryTask): Promise<string | null | TaskOutcome> {
  const { email, phone } = delivery.lead;
  if (email === null && phone === null) return null;
  const found = await findDuplicateContact(caller, {
    ghlLocationId: delivery.ghlLocationId,
    ...(email === null ? {} : { email }),
    ...(phone === null ? {} : { phone }),
  });
  if (!found.ok) return err(describeHighlevelError(found.error, 'looking for the contact'));
  return found.value?.id ?? null;
}
