import type { Store } from '../store/store.ts';
import type { ContactFields } from './contact-fields.ts';

/** A contact, as HighLevel stores it: the e-mail in small letters, the phone without signs. */
export type Contact = Omit<ContactFields, 'tags' | 'customFields'> & {
  readonly id: string;
  readonly locationId: string;
  readonly tags: readonly string[];
  readonly customFields: readonly { readonly id: string; readonly value: string }[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

type PhoneKey = { readonly id: string; readonly locationId: string; readonly phone: string };

/** All contacts by sub-account, found by e-mail and by phone. Two of one address are there where duplicates are allowed. */
export function contactsTable(store: Store) {
  const contacts = store.collection<Contact>('contacts', {
    ownerOf: ({ locationId }) => locationId,
    keyOf: ({ locationId, email }) => (email === undefined ? undefined : `${locationId}/${email}`),
  });
  const phones = store.collection<PhoneKey>('contact_phones', {
    ownerOf: ({ locationId }) => locationId,
    keyOf: ({ locationId, phone }) => `${locationId}/${phone}`,
  });
  return {
    find: (id: string) => contacts.find(id),
    listByOwner: contacts.listByOwner,
    countByOwner: contacts.countByOwner,
    findByEmail: (locationId: string, email: string) => contacts.listByKey(`${locationId}/${email.toLowerCase()}`)[0],
    findByPhone(locationId: string, phone: string): Contact | undefined {
      const [known] = phones.listByKey(`${locationId}/${tidyPhone(phone)}`);
      return known === undefined ? undefined : contacts.find(known.id);
    },
    put(contact: Contact): Contact {
      const { id, locationId, phone } = contact;
      if (phone === undefined) phones.remove(id);
      else phones.put({ id, locationId, phone });
      return contacts.put(contact);
    },
    remove(id: string): void {
      phones.remove(id);
      contacts.remove(id);
    },
    removeByOwner: (locationId: string): void => {
      phones.removeByOwner(locationId);
      contacts.removeByOwner(locationId);
    },
  };
}

/** `(617) 555-0123` is `+16175550123`: without a country's code it is a number of the United States. */
export function tidyPhone(phone: string): string {
  const digits = phone.replaceAll(/\D/g, '');
  if (phone.trim().startsWith('+')) return `+${digits}`;
  return digits.length === 10 ? `+1${digits}` : `+${digits}`;
}
