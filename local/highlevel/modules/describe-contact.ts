import { contactName } from './contact-events.ts';
import type { Contact } from './contacts-table.ts';

/** As the API answers it. */
export function describeContact(contact: Contact) {
  const { createdAtMs, updatedAtMs, gender: _, inboundDndSettings: __, name: ___, ...shown } = contact;
  return {
    ...shown,
    type: 'lead',
    fullNameLowerCase: contactName(contact).toLowerCase(),
    dateAdded: new Date(createdAtMs).toISOString(),
    dateUpdated: new Date(updatedAtMs).toISOString(),
  };
}
