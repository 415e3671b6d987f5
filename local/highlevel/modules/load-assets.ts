import type { Collection } from '../store/collection.ts';
import type { LoadedInto, SnapshotAsset } from './snapshot-parts.ts';

/** Something in a sub-account that a snapshot may have brought. */
export type LocationAsset = {
  readonly id: string;
  readonly locationId: string;
  readonly name: string;
  /** The snapshot's asset that it came from; not part of any answer. */
  readonly origin?: string | undefined;
};

/**
 * What a snapshot's load does with one kind of asset: with `override` those that came from the same snapshot are set to its state
 * and keep their ids; without it they are all added again, also when they are there already.
 */
export function loadAssets<T extends LocationAsset>(
  collection: Collection<T>,
  { assets, into }: { assets: readonly SnapshotAsset[]; into: LoadedInto },
  make: (asset: SnapshotAsset, known: T | undefined) => T,
): void {
  const present = collection.listByOwner(into.locationId);
  for (const asset of assets) {
    const origin = `${into.snapshotId}/${asset.name}`;
    const known = into.override ? present.find((item) => item.origin === origin) : undefined;
    collection.put({ ...make(asset, known), origin });
  }
}
