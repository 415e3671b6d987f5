import type { Store } from '../store/store.ts';

/** A sub-account, as HighLevel stores it. */
export type Location = {
  readonly id: string;
  readonly companyId: string;
  readonly name: string;
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
  readonly firstName?: string | undefined;
  readonly lastName?: string | undefined;
  readonly address?: string | undefined;
  readonly city?: string | undefined;
  readonly state?: string | undefined;
  readonly country?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly website?: string | undefined;
  readonly timezone?: string | undefined;
  readonly settings: LocationSettings;
  readonly social: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
};

type LocationSettings = {
  readonly allowDuplicateContact: boolean;
  readonly allowDuplicateOpportunity: boolean;
  readonly allowFacebookNameMerge: boolean;
  readonly disableContactTimezone: boolean;
};

/** All sub-accounts, listed by company, found by their e-mail address. */
export function locationsTable(store: Store) {
  return store.collection<Location>('locations', {
    ownerOf: ({ companyId }) => companyId,
    keyOf: ({ email }) => email?.toLowerCase(),
  });
}

export function readLocation(store: Store, id: string): Location | undefined {
  return locationsTable(store).find(id);
}
