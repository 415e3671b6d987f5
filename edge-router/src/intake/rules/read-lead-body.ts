import { toPlainText } from '../../rules/plain-text.ts';
import { findPath, textOf } from './find-path.ts';

/** Fields of a lead that a source may fill, with the longest text that a lead takes. */
export const mappedFields = {
  externalId: 200,
  firstName: 200,
  lastName: 200,
  email: 320,
  phone: 64,
  address: 300,
  city: 120,
  state: 60,
  postalCode: 20,
  country: 60,
  service: 80,
  location: 200,
} as const;
export type MappedField = keyof typeof mappedFields;

/** By the names that forms, ad platforms and HighLevel's workflows use, in any case and with any separator. */
const usualNames: Readonly<Record<Exclude<MappedField, 'location'>, readonly string[]>> = {
  externalId: ['externalid', 'leadid', 'leadgenid', 'submissionid', 'entryid', 'responseid'],
  firstName: ['firstname', 'fname', 'givenname'],
  lastName: ['lastname', 'lname', 'surname', 'familyname'],
  email: ['email', 'emailaddress', 'mail', 'youremail'],
  phone: ['phone', 'phoneraw', 'phonenumber', 'mobile', 'tel', 'telephone', 'cell'],
  address: ['address', 'address1', 'streetaddress', 'street', 'fulladdress'],
  city: ['city', 'town'],
  state: ['state', 'province', 'region'],
  postalCode: ['postalcode', 'zip', 'zipcode', 'postcode', 'postal'],
  country: ['country', 'countrycode'],
  service: ['service', 'serviceneeded', 'interest', 'product'],
};
/** What a form asks consent by, in any case and with any separator. */
const CONSENT_NAME = /consent|opt_?in|tcpa|gdpr/i;
const CONSENT_PREFIX = 'consent.';
const MAX_CONSENTS = 20;
const MAX_CONSENT_LENGTH = 1000;
const fullNames = ['fullname', 'name', 'contactname', 'yourname'];
const MAX_KEYS_LOOKED_AT = 500;

export interface ReadBody {
  readonly lead: Readonly<Record<string, unknown>>;
  /** HighLevel's contact, of a workflow's webhook. */
  readonly contactId: string | null;
  readonly ghlLocationId: string | null;
}

/**
 * A lead of whatever a form, an ad platform or a workflow sends. Its saved mapping comes first, then `customData` (what people fill in
 * themselves in HighLevel's action), then the usual names; consent is kept word for word under the names it has. Texts too long for a lead are
 * cut.
 */
export function readLeadBody(body: unknown, mapping: Readonly<Record<string, string>>): ReadBody {
  const places = [
    findPath(body, 'customData'),
    body,
    findPath(body, 'contact'),
    findPath(body, 'data'),
    findPath(body, 'fields'),
  ];
  const named = indexNames(places);
  const lead: Record<string, string> = {};
  for (const [field, maxLength] of Object.entries(mappedFields) as [MappedField, number][]) {
    const path = mapping[field];
    const found = path === undefined ? findUsual(named, field) : textOf(findPath(body, path));
    const text = found === null ? null : toPlainText(found);
    if (text !== null) lead[field] = text.slice(0, maxLength).toWellFormed();
  }
  const fullName = fullNames.flatMap((name) => named.get(name) ?? [])[0];
  if (lead['firstName'] === undefined && lead['lastName'] === undefined && fullName !== undefined) {
    const [first = '', ...others] = fullName.split(/\s+/);
    lead['firstName'] = first.slice(0, mappedFields.firstName).toWellFormed();
    if (others.length > 0) lead['lastName'] = others.join(' ').slice(0, mappedFields.lastName).toWellFormed();
  }
  const utm = readUtm(named);
  const consent = readConsent(named, { body, mapping });
  const contactId = named.get('contactid') ?? null;
  const ghlLocationId = textOf(findPath(body, 'location.id')) ?? named.get('locationid') ?? null;
  return { lead: { ...lead, ...(utm ? { utm } : {}), ...(consent ? { consent } : {}) }, contactId, ghlLocationId };
}

/** Without any of these nobody could be found, or told where to go. */
export function isUsable({ lead }: ReadBody): boolean {
  return ['email', 'phone', 'postalCode', 'city', 'state', 'address', 'location'].some((field) => field in lead);
}

function findUsual(named: ReadonlyMap<string, string>, field: MappedField): string | null {
  if (field === 'location') return null;
  for (const name of usualNames[field]) {
    const found = named.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

/** Texts by name, the first place's before the next one's; lists of `{ name, value }` or `{ key, values }` are names too. */
function indexNames(places: readonly unknown[]): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const add = (name: string, value: unknown): void => {
    const key = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    const text = textOf(value);
    if (text !== null && !named.has(key) && named.size < MAX_KEYS_LOOKED_AT) named.set(key, text);
  };
  for (const place of places) {
    if (place === null || typeof place !== 'object') continue;
    for (const [name, value] of Object.entries(place).slice(0, MAX_KEYS_LOOKED_AT)) {
      if (!Array.isArray(value)) add(name, value);
      else for (const item of value.slice(0, MAX_KEYS_LOOKED_AT) as unknown[]) addNamed(item, add);
    }
    if (Array.isArray(place)) for (const item of place.slice(0, MAX_KEYS_LOOKED_AT) as unknown[]) addNamed(item, add);
  }
  return named;
}

function addNamed(item: unknown, add: (name: string, value: unknown) => void): void {
  const name = textOf(findPath(item, 'name')) ?? textOf(findPath(item, 'key')) ?? textOf(findPath(item, 'label'));
  const value = findPath(item, 'value') ?? findPath(item, 'values') ?? findPath(item, 'answer');
  if (name !== null && value !== undefined) add(name, value);
}

/** Whether a mapping may name a field so. */
export function isMappable(field: string): boolean {
  return Object.hasOwn(mappedFields, field) || /^consent\.[\w-]{1,40}$/.test(field);
}

/** What the mapping names; else what is called consent. The words as they came are what somebody agreed to. */
function readConsent(
  named: ReadonlyMap<string, string>,
  { body, mapping }: { readonly body: unknown; readonly mapping: Readonly<Record<string, string>> },
): Record<string, string> | null {
  const mapped = Object.entries(mapping).flatMap(([field, path]) =>
    field.startsWith(CONSENT_PREFIX)
      ? [[field.slice(CONSENT_PREFIX.length), textOf(findPath(body, path))] as const]
      : [],
  );
  const found = mapped.length > 0 ? mapped : [...named].filter(([name]) => CONSENT_NAME.test(name));
  const entries = found.flatMap(([name, text]) =>
    text === null ? [] : [[name.slice(0, 64), text.slice(0, MAX_CONSENT_LENGTH).toWellFormed()] as const],
  );
  return entries.length === 0 ? null : Object.fromEntries(entries.slice(0, MAX_CONSENTS));
}

function readUtm(named: ReadonlyMap<string, string>): Record<string, string> | null {
  const entries = ['source', 'medium', 'campaign', 'term', 'content'].flatMap((name) => {
    const text = named.get(`utm${name}`);
    return text === undefined ? [] : [[name, text.slice(0, 1000).toWellFormed()] as const];
  });
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
