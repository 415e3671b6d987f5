import type { Call } from '../http/route.ts';
import type { Collection } from '../store/collection.ts';

/** The thing with this id, where it belongs to the sub-account that the call is about. */
export function findOwned<T extends { readonly id: string; readonly locationId: string }>(
  collection: Pick<Collection<T>, 'find'>,
  { locationId }: Pick<Call, 'locationId'>,
  id: string,
): T | undefined {
  const found = collection.find(id);
  return found?.locationId === locationId ? found : undefined;
}
