// Every call of HighLevel's API that the router makes: one table, so that another API version is data and not code.
// Contract: https://github.com/GoHighLevel/highlevel-api-docs (apps/*.json). Nothing here is wished for.

/**
 * Whose token a call carries: the agency's private integration token, the installed app's token for the company, or the
 * app's token for one sub-account. A call lists those that HighLevel takes.
 */
export type CredentialKind = 'agency' | 'app' | 'location';

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parameters in braces. Upper and lower case matter: a misspelt path is answered 401, not 404. */
  readonly path: string;
  /** The `Version` header; null where the call takes none. */
  readonly version: '2021-07-28' | '2021-04-15' | null;
  /** Empty where the call carries no token. */
  readonly credentials: readonly CredentialKind[];
  /** It changes nothing, so it may be sent again. */
  readonly isRead: boolean;
  readonly timeoutMs: number;
}

const JULY = '2021-07-28';
const APRIL = '2021-04-15';
const READ_TIMEOUT_MS = 15_000;
const WRITE_TIMEOUT_MS = 20_000;
/** Makes a sub-account and queues its snapshot. */
const CREATE_LOCATION_TIMEOUT_MS = 30_000;
/** Short: the lease of a refresh and HighLevel's 30 s of grace must outlast it. */
const TOKEN_TIMEOUT_MS = 8000;

type Words = readonly [method: Endpoint['method'], path: string, credentials: readonly CredentialKind[]];

function read(...[method, path, credentials]: Words): Endpoint {
  return { method, path, version: JULY, credentials, isRead: true, timeoutMs: READ_TIMEOUT_MS };
}

function write(...[method, path, credentials]: Words): Endpoint {
  return { method, path, version: JULY, credentials, isRead: false, timeoutMs: WRITE_TIMEOUT_MS };
}

const agency = ['agency'] as const;
const app = ['app'] as const;
const location = ['location'] as const;
const agencyOrLocation = ['agency', 'location'] as const;

export const endpoints = {
  getToken: {
    ...write('POST', '/oauth/token', []),
    version: null,
    timeoutMs: TOKEN_TIMEOUT_MS,
  },
  // A token more does no harm: it may be asked for again.
  getLocationToken: { ...read('POST', '/oauth/locationToken', app), timeoutMs: TOKEN_TIMEOUT_MS },
  listInstalledLocations: read('GET', '/oauth/installedLocations', app),
  getInstallation: read('GET', '/marketplace/app/{appId}/installations', app),
  getCompany: read('GET', '/companies/{companyId}', agency),

  createLocation: { ...write('POST', '/locations/', agency), timeoutMs: CREATE_LOCATION_TIMEOUT_MS },
  searchLocations: read('GET', '/locations/search', agency),
  getLocation: read('GET', '/locations/{locationId}', agencyOrLocation),
  updateLocation: write('PUT', '/locations/{locationId}', agency),
  deleteLocation: write('DELETE', '/locations/{locationId}', agency),
  listTimezones: read('GET', '/locations/{locationId}/timezones', location),

  listSnapshots: read('GET', '/snapshots/', agency),
  listSnapshotStatuses: read('GET', '/snapshots/snapshot-status/{snapshotId}', agency),
  getSnapshotStatus: read('GET', '/snapshots/snapshot-status/{snapshotId}/location/{locationId}', agency),

  listCustomValues: read('GET', '/locations/{locationId}/customValues', location),
  createCustomValue: write('POST', '/locations/{locationId}/customValues', location),
  updateCustomValue: write('PUT', '/locations/{locationId}/customValues/{id}', location),
  listCustomFields: read('GET', '/locations/{locationId}/customFields', location),
  listTags: read('GET', '/locations/{locationId}/tags', location),
  createTag: write('POST', '/locations/{locationId}/tags', location),

  searchUsers: read('GET', '/users/search', agencyOrLocation),
  findUsersByEmail: read('POST', '/users/search/filter-by-email', agency),
  createUser: write('POST', '/users/', agencyOrLocation),
  updateUser: write('PUT', '/users/{userId}', agencyOrLocation),
  deleteUser: write('DELETE', '/users/{userId}', agencyOrLocation),

  listCalendars: { ...read('GET', '/calendars/', location), version: APRIL },
  createCalendar: { ...write('POST', '/calendars/', location), version: APRIL },
  updateCalendar: { ...write('PUT', '/calendars/{calendarId}', location), version: APRIL },
  deleteCalendar: { ...write('DELETE', '/calendars/{calendarId}', location), version: APRIL },
  listCalendarGroups: { ...read('GET', '/calendars/groups', location), version: APRIL },
  createCalendarGroup: { ...write('POST', '/calendars/groups', location), version: APRIL },

  listPipelines: read('GET', '/opportunities/pipelines', location),
  listWorkflows: read('GET', '/workflows/', location),

  upsertContact: write('POST', '/contacts/upsert', location),
  getContact: read('GET', '/contacts/{contactId}', location),
  updateContact: write('PUT', '/contacts/{contactId}', location),
  deleteContact: write('DELETE', '/contacts/{contactId}', location),
  addContactTags: write('POST', '/contacts/{contactId}/tags', location),
  removeContactTags: write('DELETE', '/contacts/{contactId}/tags', location),
  createContactNote: write('POST', '/contacts/{contactId}/notes', location),
  addContactToWorkflow: write('POST', '/contacts/{contactId}/workflow/{workflowId}', location),
  searchContacts: read('POST', '/contacts/search', location),
  findDuplicateContact: read('GET', '/contacts/search/duplicate', location),

  searchOpportunities: read('GET', '/opportunities/search', location),
  getOpportunity: read('GET', '/opportunities/{id}', location),
  createOpportunity: write('POST', '/opportunities/', location),
  updateOpportunity: write('PUT', '/opportunities/{id}', location),
  updateOpportunityStatus: write('PUT', '/opportunities/{id}/status', location),
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointName = keyof typeof endpoints;
