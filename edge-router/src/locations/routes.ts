import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { findLocation } from '../../../db/queries/find-location.ts';
import { listLocations } from '../../../db/queries/list-locations.ts';
import { readCapacity } from '../../../db/queries/read-capacity.ts';
import { setDailyCap } from '../../../db/queries/set-daily-cap.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { invalidInput, parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { readTable } from '../http/table-body.ts';
import { isUuid } from '../rules/ids.ts';
import type { DirectoryHolder } from './directory-holder.ts';
import { findNearby, nearbyQuerySchema } from './find-nearby.ts';
import { importLocations, refreshDirectory } from './import-locations.ts';
import { showLocation } from './shown-location.ts';
import { dailyCapSchema, locationPatchSchema, patchLocation } from './patch-location.ts';

export interface LocationRouteDeps {
  readonly deps: AppDeps;
  readonly directory: DirectoryHolder;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

const IMPORT_BODY_LIMIT_BYTES = 16 * 1024 * 1024;
const PATCH_BODY_LIMIT_BYTES = 16 * 1024;
const SMALL_BODY_LIMIT_BYTES = 4096;

export const listQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).optional(),
  query: z.string().trim().min(1).max(100).optional().describe('part of a name, a franchise code or a city'),
});
export const capacityBodySchema = z.strictObject({ dailyCap: dailyCapSchema });

/** `/v1/locations`: list, look up, nearby, import, change, capacity. */
export function createLocationRoutes({ deps, directory, requireScope }: LocationRouteDeps): Hono<AppEnv> {
  const notFound = (c: Context<AppEnv>): Response =>
    toProblem({ kind: 'not_found', what: 'location' }, c.var.requestId);
  return new Hono<AppEnv>()
    .get('/', requireScope('locations:read'), async (c) => {
      const query = parseInput(listQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { limit, cursor, query: text = null } = query.value;
      if (cursor !== undefined && !isUuid(cursor)) {
        const error = invalidInput([
          { field: 'cursor', code: 'invalid_cursor', message: 'Not a cursor that a list gave' },
        ]);
        return toProblem(error, c.var.requestId);
      }
      return c.json(await listLocations(deps.database, { limit, cursor: cursor ?? null, query: text }));
    })
    .get('/nearby', requireScope('locations:read', 'edge'), async (c) => {
      const query = parseInput(nearbyQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
      const found = await findNearby(query.value, { directory, postalCodes: deps.postalCodes, background });
      return found.ok ? c.json(found.value) : toProblem(invalidInput(found.error), c.var.requestId);
    })
    .post('/import', requireScope('locations:write'), async (c) => {
      const file = await readTable(c.req.raw, IMPORT_BODY_LIMIT_BYTES);
      if (!file.ok) return toProblem(file.error, c.var.requestId);
      const imported = await importLocations({ ...deps, directory }, file.value);
      return imported.ok ? c.json(imported.value) : toProblem(imported.error, c.var.requestId);
    })
    .get('/:id', requireScope('locations:read'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const found = isUuid(id) ? await findLocation(deps.database, id) : null;
      return found ? c.json(showLocation(found, deps.nowMs())) : notFound(c);
    })
    .patch('/:id', requireScope('locations:write'), async (c) => {
      const body = await readJson(c.req.raw, locationPatchSchema, PATCH_BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const locationId = c.req.param('id').toLowerCase();
      if (!isUuid(locationId)) return notFound(c);
      const patched = await patchLocation({ ...deps, directory }, { locationId, patch: body.value });
      return patched.ok ? c.json(patched.value) : toProblem(patched.error, c.var.requestId);
    })
    .get('/:id/capacity', requireScope('locations:read'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const [capacity] = isUuid(id) ? await readCapacity(deps.database, [id]) : [];
      return capacity ? c.json(capacity) : notFound(c);
    })
    .put('/:id/capacity', requireScope('locations:write'), async (c) => {
      const body = await readJson(c.req.raw, capacityBodySchema, SMALL_BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const id = c.req.param('id').toLowerCase();
      const isSet = isUuid(id) && (await setDailyCap(deps.database, { locationId: id, dailyCap: body.value.dailyCap }));
      if (!isSet) return notFound(c);
      await refreshDirectory({ ...deps, directory });
      const [capacity] = await readCapacity(deps.database, [id]);
      return capacity ? c.json(capacity) : notFound(c);
    });
}
