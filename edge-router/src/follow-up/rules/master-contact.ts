import { toPlainText } from '../../rules/plain-text.ts';

interface MasterContact {
  readonly id: string;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly address1?: string | null | undefined;
  readonly city?: string | null | undefined;
  readonly state?: string | null | undefined;
  readonly postalCode?: string | null | undefined;
  readonly country?: string | null | undefined;
  readonly source?: string | null | undefined;
  readonly dnd?: boolean | null | undefined;
  readonly customFields: readonly { readonly id: string; readonly value: unknown }[];
}

const MAX_CUSTOM_FIELDS = 40;

/** The body of a lead made of a contact of the master sub-account; fields that are too long for a lead are cut. */
export function toLeadBody(
  contact: MasterContact,
  {
    source,
    serviceFieldKey,
    keysById,
  }: { source: string; serviceFieldKey: string | null; keysById: ReadonlyMap<string, string> },
): Record<string, unknown> {
  const fields = contact.customFields.flatMap(({ id, value }): [string, string][] => {
    const key = keysById.get(id);
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    return key === undefined || text === '' ? [] : [[key, text]];
  });
  const service = fields.find(([key]) => key === serviceFieldKey)?.[1];
  const metadata = fields
    .slice(0, MAX_CUSTOM_FIELDS)
    .map(([key, value]) => [key.replace(/^contact\./, '').slice(0, 64), cut(value, 1000)]);
  const body = {
    source,
    externalId: contact.id,
    firstName: cut(contact.firstName, 200),
    lastName: cut(contact.lastName, 200),
    email: cut(contact.email, 320),
    phone: cut(contact.phone, 64),
    address: cut(contact.address1, 300),
    city: cut(contact.city, 120),
    state: cut(contact.state, 60),
    postalCode: cut(contact.postalCode, 20),
    country: cut(contact.country, 60),
    service: cut(service, 80),
    consent: contact.dnd === null || contact.dnd === undefined ? undefined : { dnd: contact.dnd },
    metadata: Object.fromEntries([
      ...metadata,
      ...(contact.source ? [['contactSource', cut(contact.source, 1000)]] : []),
    ]) as unknown,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined && value !== null));
}

function cut(text: string | null | undefined, maxLength: number): string | undefined {
  const plain = toPlainText(text ?? '');
  return plain === null ? undefined : plain.slice(0, maxLength).toWellFormed();
}

/** Whoever can neither be written to nor called is waited for: people are often made contacts before their details are filled in. */
export function isReachable({ email, phone }: Pick<MasterContact, 'email' | 'phone'>): boolean {
  return Boolean(email?.trim()) || Boolean(phone?.trim());
}
