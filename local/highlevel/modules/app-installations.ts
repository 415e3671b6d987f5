// Where the app is installed. An admin decides that in HighLevel's pages; the API only lists it and uninstalls.

import { dueAfterMs } from '../clock.ts';
import type { Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import type { Location } from './locations-table.ts';
import { companiesTable } from './companies.ts';

/** The one app of the sandbox: its target user is the sub-account, and the agency installs it in bulk. */
export const app = {
  id: '66f0c5d29ab7314e8c02d1a4',
  versionId: '66f0c5d29ab7314e8c02d1a5',
  name: 'Switchyard',
  scopes: [
    'oauth.readonly',
    'oauth.write',
    'marketplace-installer-details.readonly',
    'locations.readonly',
    'locations/customValues.readonly',
    'locations/customValues.write',
    'locations/customFields.readonly',
    'locations/customFields.write',
    'locations/tags.readonly',
    'locations/tags.write',
    'users.readonly',
    'users.write',
    'contacts.readonly',
    'contacts.write',
    'opportunities.readonly',
    'opportunities.write',
    'calendars.readonly',
    'calendars.write',
    'calendars/groups.readonly',
    'calendars/groups.write',
    'calendars/events.readonly',
    'workflows.readonly',
    'payments/custom-provider.readonly',
    'payments/custom-provider.write',
    'conversations/message.readonly',
  ],
} as const;

export type Installation = {
  readonly id: string;
  readonly companyId: string;
  readonly locationId: string;
  /** May lie ahead: HighLevel installs the app in a new sub-account a little later. */
  readonly installedAtMs: number;
};

/** One for each sub-account that has the app. */
export function installationsTable(store: Store) {
  return store.collection<Installation>('installations', {
    ownerOf: ({ locationId }) => locationId,
    keyOf: ({ companyId }) => companyId,
  });
}

export function isInstalledIn(store: Store, locationId: string, nowMs: number): boolean {
  const installation = installationsTable(store).find(locationId);
  return installation !== undefined && installation.installedAtMs <= nowMs;
}

/** What the app's installation "in future sub-accounts" does for one that has just been made. */
export function installInNewLocation(services: Services, location: Location, nowMs: number): void {
  const { app: rule, timeScale } = services.settings.read();
  const company = companiesTable(services.store).find(location.companyId);
  if (company?.hasApp !== true || !rule.installToFutureLocations) return;
  installApp(services, location, dueAfterMs(nowMs, rule.installDelayMs, timeScale));
}

/** Installs it and tells the app so; changes nothing where it is installed. */
export function installApp(services: Services, { id, companyId }: Location, installedAtMs: number): void {
  const installations = installationsTable(services.store);
  if (installations.find(id) !== undefined) return;
  installations.put({ id, companyId, locationId: id, installedAtMs });
  const payload = { ...describeInstall(services, companyId), installType: 'Location', locationId: id };
  services.emit({ type: 'INSTALL', audience: 'app', payload, notBeforeMs: installedAtMs });
}

export function describeInstall({ store }: Services, companyId: string) {
  const company = companiesTable(store).find(companyId);
  return {
    appId: app.id,
    versionId: app.versionId,
    companyId,
    userId: company?.ownerId,
    trial: { onTrial: false },
    isWhitelabelCompany: false,
    whitelabelDetails: {},
    companyName: company?.name,
  };
}
