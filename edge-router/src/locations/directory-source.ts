import type { ReadSlice } from './directory-slices.ts';
import type { DirectoryChange, DirectoryData, DirectoryLocation, DirectoryVersions } from './rules/directory.ts';

/** The directory but for what grows with the brand. */
export type ThinDirectoryData = Omit<DirectoryData, 'locations' | 'territories'>;

/** Where the directory really lives. Every function throws when it cannot be reached. */
export interface DirectorySource {
  readonly readVersions: () => Promise<DirectoryVersions>;
  readonly countLocations: () => Promise<number>;
  readonly readThin: () => Promise<ThinDirectoryData>;
  /** The rows of all published versions that are in effect or to come. */
  readonly readTerritories: () => Promise<DirectoryData['territories']>;
  /** All locations, page by page, so that nobody has to hold them. */
  readonly readLocationPages: () => AsyncIterable<readonly DirectoryLocation[]>;
  /**
   * What changed after `since`; rows that changed while reading may be included early, which does no harm. Null when more
   * than `maxLocations` changed.
   */
  readonly readChange: (
    since: DirectoryVersions,
    limits?: { readonly maxLocations: number },
  ) => Promise<DirectoryChange | null>;
  /** Locations by name and around a point; no territories. */
  readonly readSlice: ReadSlice;
}

/** The whole directory. What changes while it is read is included early or comes with the next change. */
export async function readWholeDirectory(
  source: Pick<DirectorySource, 'readThin' | 'readTerritories' | 'readLocationPages'>,
): Promise<DirectoryData> {
  const thin = await source.readThin();
  const [locations, territories] = await Promise.all([collect(source.readLocationPages()), source.readTerritories()]);
  return { ...thin, locations, territories };
}

async function collect<Row>(pages: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages) for (const row of page) rows.push(row);
  return rows;
}
