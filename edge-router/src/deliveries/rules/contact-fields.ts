import { DELIVERED_TAG } from '../../rules/tags.ts';
import type { LeadSettings } from '../../rules/lead-settings.ts';

type Scalars = Readonly<Record<string, unknown>> | null;

/** What of a lead its contact is made of. */
export interface DeliveredLead {
  readonly source: string;
  readonly externalId: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly address: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postalCode: string | null;
  readonly country: string | null;
  readonly service: string | null;
  readonly score: number | null;
  readonly matchLevel: string | null;
  readonly utm: Scalars;
  readonly consent: Scalars;
  readonly metadata: Scalars;
}

export interface ContactOfLead {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly address1?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly source: string;
  readonly customFields?: readonly { readonly id: string; readonly field_value: string }[];
}

/** HighLevel's contact of a lead. Fields that the sub-account does not have are left out and named in `missing`. */
export function toContactFields(
  leadId: string,
  lead: DeliveredLead,
  { mapping, idsByKey }: { mapping: LeadSettings['delivery']['customFields']; idsByKey: ReadonlyMap<string, string> },
): { readonly fields: ContactOfLead; readonly missing: readonly string[] } {
  const missing: string[] = [];
  const customFields = Object.entries(mapping).flatMap(([fieldKey, name]) => {
    const value = readLeadField(leadId, lead, name);
    if (value === null) return [];
    const id = idsByKey.get(fieldKey);
    if (id !== undefined) return [{ id, field_value: value }];
    missing.push(fieldKey);
    return [];
  });
  const { firstName, lastName, email, phone, address, city, state, postalCode, country, source } = lead;
  const given = { firstName, lastName, email, phone, address1: address, city, state, postalCode, country };
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  return { fields: { ...fields, source, ...(customFields.length > 0 ? { customFields } : {}) }, missing };
}

function readLeadField(leadId: string, lead: DeliveredLead, name: string): string | null {
  if (name === 'leadId') return leadId;
  const [record = '', key] = name.split('.', 2);
  const value: unknown = key === undefined ? Reflect.get(lead, name) : readRecord(lead, record)?.[key];
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function readRecord(lead: DeliveredLead, name: string): Scalars {
  if (name === 'utm') return lead.utm;
  return name === 'consent' ? lead.consent : lead.metadata;
}

/** All but the one that starts the workflow, our own first: whoever hears of the contact knows it by that. */
export function tagsOfLead({ tags, startTag }: LeadSettings['delivery']): string[] {
  return [...new Set([DELIVERED_TAG, ...tags])].filter((tag) => tag !== startTag);
}

export function nameOfOpportunity({ firstName, lastName, email, phone }: DeliveredLead): string {
  const name = [firstName, lastName].filter((part) => part !== null).join(' ');
  return name === '' ? (email ?? phone ?? 'Lead') : name;
}
