import { html, renderPairs, renderTable, type Html } from './html.ts';

const SHOWN_ITEMS = 500;
const SHOWN_TEXT = 400;
/** What every item of a sub-account's page has in common. */
const SAID_ALREADY: ReadonlySet<string> = new Set(['locationId', 'companyId']);

/** A table of what documents of one kind hold, a column for each field that any of them has. */
export function renderItems(items: readonly object[]): Html {
  const fields = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((field) => !SAID_ALREADY.has(field));
  const shown = items.slice(0, SHOWN_ITEMS);
  const rows = shown.map((item) => fields.map((field) => describe((item as Record<string, unknown>)[field], field)));
  const more = items.length - shown.length;
  return html`${renderTable(fields.map(toName), rows)}${more > 0 ? html`<p class="none">and ${more} more</p>` : html``}`;
}

/** One document, a line for each of its fields. */
export function renderFields(item: object): Html {
  return renderPairs(Object.entries(item).map(([field, value]) => [toName(field), describe(value, field)] as const));
}

function toName(field: string): string {
  return field.replace(/AtMs$/, 'At');
}

function describe(value: unknown, field: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && field.endsWith('AtMs')) return new Date(value).toISOString();
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ');
  const text = JSON.stringify(value);
  return text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}…` : text;
}
