import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { deleteTerritoryDraft } from '../../../db/queries/delete-territory-draft.ts';
import { findTerritoryVersion } from '../../../db/queries/find-territory-version.ts';
import { listTerritoryRows } from '../../../db/queries/list-territory-rows.ts';
import { listTerritoryVersions } from '../../../db/queries/list-territory-versions.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import { readTable } from '../http/table-body.ts';
import { momentSchema, publishSchema, readVersion, versionListQuerySchema } from '../http/versions.ts';
import { checkQuerySchema, checkTerritory } from './check-territory.ts';
import { refreshDirectory } from './import-locations.ts';
import { importTerritories } from './import-territories.ts';
import { publishTerritoryDraft, restoreTerritoryVersion } from './publish-territories.ts';
import type { LocationRouteDeps } from './routes.ts';
import { readTerritoryVersionInEffect, showTerritoryVersion } from './shown-territory-version.ts';

const IMPORT_BODY_LIMIT_BYTES = 16 * 1024 * 1024;
const SMALL_BODY_LIMIT_BYTES = 4096;

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

export const importQuerySchema = z
  .strictObject({
    publish: flag.describe('publish at once, instead of storing a draft'),
    effectiveAt: momentSchema.optional().describe('with publish; now when left out'),
    allowOverlaps: flag.describe('with publish; ranges of different owners may share postal codes'),
    allowUnknown: flag.describe('take postal codes that are newer than the table'),
  })
  .refine(({ publish, effectiveAt }) => publish || effectiveAt === undefined, {
    path: ['effectiveAt'],
    error: 'only with publish=true: a draft is given its time when it is published',
  });
export const publishTerritoriesSchema = publishSchema.extend({ allowOverlaps: z.boolean().default(false) });
export const rowsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  cursor: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
});

const notFoundError: ApiError = { kind: 'not_found', what: 'version of the territories' };

/** `/v1/territories`: who owns which place, as versions that are drafted, published and restored. */
export function createTerritoryRoutes(routeDeps: LocationRouteDeps): Hono<AppEnv> {
  const { deps, directory, requireScope } = routeDeps;
  return new Hono<AppEnv>()
    .get('/', requireScope('territories:read'), async (c) => {
      const query = parseInput(versionListQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { limit, cursor } = query.value;
      const [page, inEffect] = await Promise.all([
        listTerritoryVersions(deps.database, { limit, cursor: cursor ?? null }),
        readTerritoryVersionInEffect(deps),
      ]);
      const items = page.items.map((item) => ({ ...item, inEffect: item.version === inEffect }));
      return c.json({ items, nextCursor: page.nextCursor === null ? null : String(page.nextCursor) });
    })
    .get('/check', requireScope('territories:read'), async (c) => {
      const query = parseInput(checkQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const checked = await checkTerritory(deps, query.value);
      return checked.ok ? c.json(checked.value) : toProblem(checked.error, c.var.requestId);
    })
    .post('/import', requireScope('territories:write'), async (c) => {
      const query = parseInput(importQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const table = await readTable(c.req.raw, IMPORT_BODY_LIMIT_BYTES);
      if (!table.ok) return toProblem(table.error, c.var.requestId);
      const { publish, allowUnknown, ...publication } = query.value;
      const imported = await importTerritories(
        { ...deps, directory },
        { table: table.value, allowUnknown, publish: publish ? { effectiveAt: undefined, ...publication } : null },
      );
      if (!imported.ok) return toProblem(imported.error, c.var.requestId);
      return c.json(imported.value, 201, { location: `/v1/territories/${imported.value.version}` });
    })
    .route('/', createVersionRoutes(routeDeps));
}

function createVersionRoutes({ deps, directory, requireScope }: LocationRouteDeps): Hono<AppEnv> {
  const notFound = (c: Context<AppEnv>): Response => toProblem(notFoundError, c.var.requestId);
  const versionOf = (c: Context<AppEnv>): number => readVersion(c.req.param('version') ?? '');
  return new Hono<AppEnv>()
    .get('/:version', requireScope('territories:read'), async (c) => {
      const found = await findTerritoryVersion(deps.database, versionOf(c));
      return found ? c.json(await showTerritoryVersion(deps, found)) : notFound(c);
    })
    .delete('/:version', requireScope('territories:write'), async (c) => {
      const version = versionOf(c);
      if (await deleteTerritoryDraft(deps.database, version)) return c.body(null, 204);
      if (!(await findTerritoryVersion(deps.database, version))) return notFound(c);
      const detail = `Version ${version} is published and never changes.`;
      return toProblem({ kind: 'conflict', detail }, c.var.requestId);
    })
    .get('/:version/rows', requireScope('territories:read'), async (c) => {
      const query = parseInput(rowsQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const version = versionOf(c);
      if (!(await findTerritoryVersion(deps.database, version))) return notFound(c);
      const page = await listTerritoryRows(deps.database, { version, ...query.value });
      return c.json({ ...page, nextCursor: page.nextCursor === null ? null : String(page.nextCursor) });
    })
    .post('/:version/publish', requireScope('territories:write'), async (c) => {
      const body = await readJson(c.req.raw, publishTerritoriesSchema, SMALL_BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const request = { version: versionOf(c), effectiveAt: undefined, ...body.value };
      const published = await publishTerritoryDraft(deps, request);
      if (!published.ok) return toProblem(published.error, c.var.requestId);
      await refreshDirectory({ ...deps, directory });
      return c.json(await showTerritoryVersion(deps, published.value));
    })
    .post('/:version/restore', requireScope('territories:write'), async (c) => {
      const body = await readJson(c.req.raw, publishSchema, SMALL_BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const restored = await restoreTerritoryVersion(deps, {
        version: versionOf(c),
        effectiveAt: body.value.effectiveAt,
      });
      if (!restored.ok) return toProblem(restored.error, c.var.requestId);
      await refreshDirectory({ ...deps, directory });
      return c.json(await showTerritoryVersion(deps, restored.value), 201, {
        location: `/v1/territories/${restored.value.version}`,
      });
    });
}
