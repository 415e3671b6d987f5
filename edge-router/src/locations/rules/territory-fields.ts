import type { PostalCodes } from './postal-codes.ts';
import {
  listRangePrefixes,
  listTerritoryKeys,
  toTerritoryKey,
  type TerritoryQuestion,
  type TerritoryRow,
} from './territory-index.ts';

// Territories by fields, so that those which may hold a place are found without having all of them. Several territories
// share a field (their days differ, or their versions), so what is found is a little more than asked.

/** The fields under which a territory is kept; a range has one for each three digits it touches. */
export function listTerritoryFields([kind, value]: TerritoryRow): string[] {
  if (kind !== 'zip_range') return [toTerritoryKey(kind, value)];
  return listRangePrefixes(value).map((prefix) => `zip_range:${prefix}`);
}

/** The fields of all territories that may hold the place. */
export function territoryFieldsOf(question: TerritoryQuestion, postalCodes: PostalCodes): string[] {
  const { zip, prefix, wider } = listTerritoryKeys(question, postalCodes);
  return [...(zip ? [zip] : []), ...(prefix ? [`zip_range:${prefix}`] : []), ...wider];
}
