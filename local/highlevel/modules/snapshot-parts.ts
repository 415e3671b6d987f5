/** What a snapshot holds of one kind: each asset as it stands in the location it was taken from. */
export type SnapshotAsset = Readonly<Record<string, string | number | readonly string[]>> & {
  readonly name: string;
};

export type LoadedInto = { readonly locationId: string; readonly snapshotId: string; readonly override: boolean };

/** One kind of asset that snapshots carry, named as the status call names it (`custom_values`, `workflows`…). */
export type SnapshotPart = {
  readonly name: string;
  /** Puts the assets into the sub-account, with ids of their own there. */
  readonly load: (assets: readonly SnapshotAsset[], into: LoadedInto) => void;
};
