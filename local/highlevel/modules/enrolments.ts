// Who is in which workflow: enrolled by a call, or because a contact got the tag that the workflow listens to.

import type { Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import type { Contact } from './contacts-table.ts';
import { workflowsTable } from './workflows.ts';

/** How often a contact was put into a workflow: a second time runs it again. */
type Enrolment = {
  readonly id: string;
  readonly contactId: string;
  readonly workflowId: string;
  readonly count: number;
};

export function enrolmentsTable(store: Store) {
  return store.collection<Enrolment>('enrolments', { ownerOf: ({ contactId }) => contactId });
}

export function enrolContact({ store }: Pick<Services, 'store'>, contactId: string, workflowId: string): void {
  const enrolments = enrolmentsTable(store);
  const id = `${contactId}/${workflowId}`;
  enrolments.put({ id, contactId, workflowId, count: (enrolments.find(id)?.count ?? 0) + 1 });
}

/** Starts the published workflows that listen to a tag which the contact did not have before. */
export function startByTags(services: Pick<Services, 'store'>, before: Contact | undefined, after: Contact): void {
  const had = new Set(before?.tags);
  const added = new Set(after.tags.filter((tag) => !had.has(tag)));
  for (const { id, status, startTag } of workflowsTable(services.store).listByOwner(after.locationId)) {
    if (status === 'published' && startTag !== undefined && added.has(startTag)) enrolContact(services, after.id, id);
  }
}
