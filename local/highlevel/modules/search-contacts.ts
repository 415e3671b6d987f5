// `POST /contacts/search`. HighLevel's document leaves its body open and links to a page that is not part of it; this is what
// clients send: filters by field and operator, a page or a cursor, sorting.

import * as z from 'zod';
import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { contactName } from './contact-events.ts';
import type { Contact } from './contacts-table.ts';

const MAX_PAGE_LIMIT = 500;
const MAX_DEPTH = 3;

type Filter =
  | { readonly field: string; readonly operator: Operator; readonly value?: unknown }
  | { readonly group: 'AND' | 'OR'; readonly filters: readonly Filter[] };
type Operator = 'eq' | 'not_eq' | 'contains' | 'not_contains' | 'exists' | 'not_exists' | 'range';

const filterSchema: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.strictObject({
      field: z.string(),
      operator: z.enum(['eq', 'not_eq', 'contains', 'not_contains', 'exists', 'not_exists', 'range']),
      value: z.unknown().optional(),
    }),
    z.strictObject({ group: z.enum(['AND', 'OR']), filters: z.array(filterSchema).max(50) }),
  ]),
);

export const searchContactsSchema = z.strictObject({
  locationId: z.string().min(1),
  page: z.int().positive().optional(),
  pageLimit: z.int().positive().max(MAX_PAGE_LIMIT),
  searchAfter: z.tuple([z.number(), z.string()]).optional(),
  query: z.string().max(75).optional(),
  filters: z.array(filterSchema).max(50).optional(),
  sort: z
    .array(z.strictObject({ field: z.enum(['dateAdded', 'dateUpdated']), direction: z.enum(['asc', 'desc']) }))
    .max(1)
    .optional(),
});
export type ContactSearch = z.output<typeof searchContactsSchema>;

/** What a contact is searched by. */
const readers: Readonly<Record<string, (contact: Contact) => string | number | readonly string[] | undefined>> = {
  id: ({ id }) => id,
  email: ({ email }) => email,
  phone: ({ phone }) => phone,
  firstNameLowerCase: ({ firstName }) => firstName?.toLowerCase(),
  lastNameLowerCase: ({ lastName }) => lastName?.toLowerCase(),
  contactName,
  postalCode: ({ postalCode }) => postalCode,
  city: ({ city }) => city,
  state: ({ state }) => state,
  source: ({ source }) => source,
  assignedTo: ({ assignedTo }) => assignedTo,
  tags: ({ tags }) => tags,
  dnd: ({ dnd = false }) => String(dnd),
  dateAdded: ({ createdAtMs }) => createdAtMs,
  dateUpdated: ({ updatedAtMs }) => updatedAtMs,
};

type Found = { readonly contacts: readonly Contact[]; readonly total: number };

/** The page of `all` that is asked for, newest first unless told otherwise; or what is wrong with the search. */
export function searchContacts(all: readonly Contact[], search: ContactSearch): Result<Found, string> {
  const wrong = findWrong(search.filters ?? [], 1);
  if (wrong !== undefined) return err(wrong);
  const words = (search.query ?? '').toLowerCase();
  const { field, direction } = search.sort?.[0] ?? { field: 'dateAdded', direction: 'desc' };
  const stampOf = ({ createdAtMs, updatedAtMs }: Contact) => (field === 'dateAdded' ? createdAtMs : updatedAtMs);
  const sign = direction === 'asc' ? 1 : -1;
  const compare = (a: Contact, b: Contact) => sign * (stampOf(a) - stampOf(b) || (a.id < b.id ? -1 : 1));
  const matching = all
    .filter((contact) => isWorded(contact, words) && (search.filters ?? []).every((filter) => matches(contact, filter)))
    .toSorted(compare);
  const { searchAfter, page = 1, pageLimit } = search;
  const rest = searchAfter === undefined ? matching : matching.filter((contact) => isAfter(contact, searchAfter));
  const skip = searchAfter === undefined ? (page - 1) * pageLimit : 0;
  return ok({ contacts: rest.slice(skip, skip + pageLimit), total: matching.length });

  function isAfter(contact: Contact, [stamp, id]: readonly [number, string]): boolean {
    const difference = sign * (stampOf(contact) - stamp);
    return difference === 0 ? sign * (contact.id < id ? -1 : 1) > 0 && contact.id !== id : difference > 0;
  }
}

function findWrong(filters: readonly Filter[], depth: number): string | undefined {
  if (depth > MAX_DEPTH) return `filters may be nested ${MAX_DEPTH} deep`;
  for (const filter of filters) {
    const wrong = 'group' in filter ? findWrong(filter.filters, depth + 1) : undefined;
    if (wrong !== undefined) return wrong;
    if ('field' in filter && readers[filter.field] === undefined) return `Invalid filter field ${filter.field}`;
  }
  return undefined;
}

function isWorded(contact: Contact, words: string): boolean {
  return [contactName(contact), contact.email, contact.phone].join(' ').toLowerCase().includes(words);
}

function matches(contact: Contact, filter: Filter): boolean {
  if ('group' in filter) {
    const test = (inner: Filter) => matches(contact, inner);
    return filter.group === 'AND' ? filter.filters.every(test) : filter.filters.some(test);
  }
  return matchesValue(readers[filter.field]?.(contact), filter);
}

function matchesValue(
  held: ReturnType<NonNullable<(typeof readers)[string]>>,
  { operator, value }: { operator: Operator; value?: unknown },
): boolean {
  const isThere = Array.isArray(held) ? held.length > 0 : held !== undefined && held !== '';
  if (operator === 'exists') return isThere;
  if (operator === 'not_exists') return !isThere;
  if (operator === 'range') return isWithin(Number(held), value);
  const values = (Array.isArray(held) ? held : [held]).map((one) => String(one ?? '').toLowerCase());
  const wanted = (Array.isArray(value) ? value : [value]).map((one) => String(one).toLowerCase());
  const isContains = operator.endsWith('contains') && !Array.isArray(held);
  const isFound = wanted.some((one) => values.some((own) => (isContains ? own.includes(one) : own === one)));
  return operator.startsWith('not_') ? !isFound : isFound;
}

function isWithin(held: number, value: unknown): boolean {
  const { gte, gt, lte, lt } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const read = (edge: unknown) => (typeof edge === 'string' ? Date.parse(edge) : Number(edge));
  return (
    (gte === undefined || held >= read(gte)) &&
    (gt === undefined || held > read(gt)) &&
    (lte === undefined || held <= read(lte)) &&
    (lt === undefined || held < read(lt))
  );
}
