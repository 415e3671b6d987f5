declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Ids are UUIDv7 in lower case; a lead's carries its `created_at` in the first 48 bits. */
export type LeadId = Branded<'LeadId'>;
export type LocationId = Branded<'LocationId'>;

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID_PATTERN.test(text);
}

/** Lower case, as Postgres writes it. Only of such an id is the time known. */
export function isUuidv7(text: string): boolean {
  return isUuid(text) && text[14] === '7';
}

/** For ids that were minted here or read from our own tables. */
export function asLocationId(text: string): LocationId {
  return text as LocationId;
}

export function asLeadId(text: string): LeadId {
  return text as LeadId;
}
