// Snapshots: the list, and how far their loads are. There is no call that applies one: a sub-account is created or updated with it.

import * as z from 'zod';
import { badRequest, noAccess, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import type { Module, Services } from '../services.ts';
import { loadDueParts, loadsTable, snapshotsTable, type SnapshotLoad } from './snapshot-loads.ts';

const VERSION = '2021-07-28';
const DAY_MS = 86_400_000;
const MAX_LIMIT = 100;

const ofCompany = z.strictObject({ companyId: z.string().min(1) });

const date = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'must be a date: ISO 8601 or YYYY-MM-DD');

const listSchema = ofCompany.extend({
  from: date,
  to: date,
  /** The last id of the page before; empty for the first page. */
  lastDoc: z.string(),
  limit: z.string().regex(/^[1-9]\d{0,8}$/, 'must be a whole number'),
});

type OfCompany = z.output<typeof ofCompany>;

export function createSnapshotsModule(services: Services, listModules: () => readonly Module[]): Module {
  const { store, settings } = services;
  const snapshots = snapshotsTable(store);
  const loads = loadsTable(store);

  function list({ query, token }: Call<unknown, OfCompany>): Answer {
    if (query.companyId !== token.companyId) return noAccess;
    const own = snapshots.listByOwner(query.companyId);
    return succeed({ snapshots: own.map(({ id, name, type }) => ({ id, name, type })) });
  }

  /** Oldest first, from after `lastDoc`. A day without a time of day is meant whole. */
  function listLoads({ param, query, token, nowMs }: Call<unknown, z.output<typeof listSchema>>): Answer {
    if (query.companyId !== token.companyId) return noAccess;
    const fromMs = Date.parse(query.from);
    const toMs = Date.parse(query.to) + (/^\d{4}-\d{2}-\d{2}$/.test(query.to) ? DAY_MS - 1 : 0);
    const all = loads.listByOwner(param('snapshotId')).filter(({ knownAtMs }) => knownAtMs <= nowMs);
    const after = all.slice(all.findIndex(({ id }) => id === query.lastDoc) + 1);
    const within = after.filter(({ requestedAtMs }) => requestedAtMs >= fromMs && requestedAtMs <= toMs);
    const data = within.slice(0, Math.min(Number(query.limit), MAX_LIMIT)).map(describeInList);
    return succeed({ data });
  }

  /** Tells of the latest load of this snapshot in this sub-account. */
  function getLoad({ param, query, token, locationId, nowMs }: Call<unknown, OfCompany>): Answer {
    if (query.companyId !== token.companyId) return noAccess;
    const known = loads
      .listByKey(locationId)
      .filter(({ snapshotId, knownAtMs }) => snapshotId === param('snapshotId') && knownAtMs <= nowMs);
    const latest = known.at(-1);
    if (latest === undefined) return badRequest('Snapshot push not found');
    return succeed({ data: describeLoad(latest) });
  }

  function describeLoad({ id, locationId, status, completed, pending }: SnapshotLoad) {
    const write = settings.read().snapshots.listsAsText ? writeAsText : (names: readonly string[]) => names;
    return { id, locationId, status, completed: write(completed), pending: write(pending.map(({ part }) => part)) };
  }

  const base = { method: 'GET', version: VERSION, security: ['Agency-Access'], scope: 'snapshots.readonly' } as const;
  return {
    routes: [
      defineRoute({ ...base, path: '/snapshots/', query: ofCompany, handle: list }),
      defineRoute({ ...base, path: '/snapshots/snapshot-status/:snapshotId', query: listSchema, handle: listLoads }),
      defineRoute({
        ...base,
        path: '/snapshots/snapshot-status/:snapshotId/location/:locationId',
        query: ofCompany,
        handle: getLoad,
      }),
    ],
    catchUp(nowMs) {
      const parts = listModules().flatMap(({ snapshotParts = [] }) => snapshotParts);
      loadDueParts(services, new Map(parts.map((part) => [part.name, part])), nowMs);
    },
    removeLocation(locationId) {
      for (const { id } of loads.listByKey(locationId)) loads.remove(id);
    },
  };
}

function describeInList({ id, locationId, status, requestedAtMs }: SnapshotLoad) {
  return { id, locationId, status, dateAdded: new Date(requestedAtMs).toISOString() };
}

/** `['forms', 'surveys']`, as HighLevel's example has it. */
function writeAsText(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
