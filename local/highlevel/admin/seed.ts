import { deriveId } from '../identifiers.ts';
import { installApp } from '../modules/app-installations.ts';
import { companiesTable } from '../modules/companies.ts';
import { customValuesTable } from '../modules/custom-values.ts';
import { locationsTable, type Location } from '../modules/locations-table.ts';
import { loadsTable, snapshotsTable, type SnapshotLoad } from '../modules/snapshot-loads.ts';
import type { SnapshotAsset } from '../modules/snapshot-parts.ts';
import type { Module, Services } from '../services.ts';
import { brandIds, company, customValues, snapshotParts, template } from './brand.ts';

/** What an agency's private integration token may be given that brings sub-accounts on. */
const AGENCY_SCOPES = [
  'companies.readonly',
  'locations.readonly',
  'locations.write',
  'snapshots.readonly',
  'users.readonly',
  'users.write',
];

/** The brand of an empty sandbox. Changes nothing of one that has it, but for the agency's token, which may be new. */
export function seedBrand(services: Services, modules: readonly Module[]): void {
  const { store, tokens, credentials } = services;
  tokens.put({
    id: credentials.agencyToken,
    kind: 'agency-pit',
    companyId: brandIds.company,
    locationId: undefined,
    appId: undefined,
    userId: brandIds.owner,
    scopes: AGENCY_SCOPES,
    expiresAtMs: null,
  });
  if (companiesTable(store).find(brandIds.company) !== undefined) return;
  companiesTable(store).put(company);
  const { company: companyId, snapshot: id } = brandIds;
  const name = 'Otterbrook Franchise Location';
  const parts: Readonly<Record<string, readonly SnapshotAsset[]>> = snapshotParts;
  snapshotsTable(store).put({ id, companyId, name, type: 'own', parts });
  putReadyLocation(services, modules, toLocation(template, services.clock.nowMs()));
  const values: Readonly<Record<string, string>> = customValues;
  for (const value of customValuesTable(store).listByOwner(brandIds.template)) {
    customValuesTable(store).put({ ...value, value: values[value.name] ?? '' });
  }
}

/** `count` more sub-accounts as an earlier run would have left them: app installed, snapshot loaded. Answers their ids. */
export function seedLocations(services: Services, modules: readonly Module[], count: number): string[] {
  const known = locationsTable(services.store).countByOwner(brandIds.company);
  const numbers = Array.from({ length: count }, (_, index) => known + index);
  return numbers.map((number) => {
    const id = deriveId(`location ${number}`);
    const email = `location-${number}@otterbrook.example.com`;
    const details = { ...template, id, email, name: `Otterbrook Plumbing ${number}` };
    putReadyLocation(services, modules, toLocation(details, services.clock.nowMs()));
    return id;
  });
}

function toLocation(details: Omit<Location, 'settings' | 'social' | 'createdAtMs'>, createdAtMs: number): Location {
  const settings = {
    allowDuplicateContact: false,
    allowDuplicateOpportunity: false,
    allowFacebookNameMerge: false,
    disableContactTimezone: false,
  };
  return { ...details, settings, social: {}, createdAtMs };
}

function putReadyLocation(services: Services, modules: readonly Module[], location: Location): void {
  const { store, clock } = services;
  locationsTable(store).put(location);
  installApp(services, location, clock.nowMs());
  const into = { locationId: location.id, snapshotId: brandIds.snapshot, override: false };
  const parts = modules.flatMap((module) => module.snapshotParts ?? []);
  const assets: Readonly<Record<string, readonly SnapshotAsset[]>> = snapshotParts;
  for (const part of parts) part.load(assets[part.name] ?? [], into);
  loadsTable(store).put(describeFinishedLoad(location, clock.nowMs()));
}

function describeFinishedLoad({ id: locationId, companyId }: Location, atMs: number): SnapshotLoad {
  return {
    id: deriveId(`load of ${locationId}`),
    snapshotId: brandIds.snapshot,
    locationId,
    companyId,
    override: false,
    requestedAtMs: atMs,
    knownAtMs: atMs,
    pending: [],
    completed: Object.keys(snapshotParts),
    missing: [],
    finishesAtMs: atMs,
    fails: false,
    status: 'completed',
  };
}
