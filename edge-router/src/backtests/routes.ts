import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { endBacktest } from '../../../db/queries/end-backtest.ts';
import { findBacktest } from '../../../db/queries/find-backtest.ts';
import { listBacktestMoves } from '../../../db/queries/list-backtest-moves.ts';
import { listBacktests } from '../../../db/queries/list-backtests.ts';
import type { BacktestWork } from '../../../db/queries/backtest-row.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { invalidInput, parseInput, readJson } from '../http/body.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import { readTable } from '../http/table-body.ts';
import { momentSchema } from '../http/versions.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import { isUuid } from '../rules/ids.ts';
import type { BacktestDeps } from './backtest-deps.ts';
import { beginBacktest, type BacktestRequest } from './create-backtest.ts';
import { dropBacktest, dropRows } from './drop-backtest.ts';
import { parseLeadRows } from './rules/lead-rows.ts';
import { showBacktest, showFoundBacktest, showLocations } from './shown-backtest.ts';

const BODY_LIMIT_BYTES = 4096;
const FILE_LIMIT_BYTES = 16 * 1024 * 1024;

const uuid = z.string().toLowerCase().refine(isUuid, { error: 'not an id of ours' });
const version = z.int().min(1).max(999_999_999);
const name = z.string().trim().min(1).max(120);
const source = z.string().regex(/^[\w.:-]{1,64}$/, { error: 'letters, digits, and . : _ - only' });

export const backtestBodySchema = z.strictObject({
  name: name.optional(),
  from: momentSchema.describe('leads of this time and after'),
  to: momentSchema.optional().describe('leads before this time; now when left out'),
  source: source.optional(),
  locationId: uuid.optional().describe('leads that this location has'),
  rules: version.optional().describe('the version to try; the one in effect when left out'),
  territories: version.optional().describe('the version to try; the one in effect when left out'),
  before: z
    .enum(['in_effect', 'assigned'])
    .default('in_effect')
    .describe('what it is held against: the leads routed anew by what is in effect, or as they are really assigned'),
  at: momentSchema.optional().describe('the moment whose versions and territory days count; now when left out'),
});
export const backtestFileQuerySchema = z.strictObject({
  name: name.optional(),
  rules: z.coerce.number().pipe(version).optional(),
  territories: z.coerce.number().pipe(version).optional(),
  at: momentSchema.optional(),
});
export const backtestsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.uuid().optional(),
});
const position = z.coerce.number().int().min(0).max(2_000_000_000);
export const backtestLocationsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: position.default(0),
});
export const backtestMovesQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: position.optional(),
  from: uuid.optional().describe('leads that leave this location'),
  to: uuid.optional().describe('leads that come to this location'),
});

export interface BacktestRouteDeps {
  readonly deps: BacktestDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

const notFound: ApiError = { kind: 'not_found', what: 'backtest' };

/** `/v1/backtests`: leads routed again by other rules or territories, on paper. */
export function createBacktestRoutes({ deps, requireScope }: BacktestRouteDeps): Hono<AppEnv> {
  const fail = (c: Context<AppEnv>, error: ApiError): Response => toProblem(error, c.var.requestId);
  const backgroundOf =
    (c: Context<AppEnv>): RunInBackground =>
    (work) =>
      c.executionCtx.waitUntil(work);
  const find = async (c: Context<AppEnv>): Promise<BacktestWork | null> => {
    const id = (c.req.param('id') ?? '').toLowerCase();
    return isUuid(id) ? findBacktest(deps.database, id) : null;
  };
  const begin = async (c: Context<AppEnv>, request: BacktestRequest): Promise<Response> => {
    const begun = await beginBacktest(deps, request, backgroundOf(c));
    if (!begun.ok) return fail(c, begun.error);
    const work = await findBacktest(deps.database, begun.value);
    if (!work) return fail(c, notFound);
    return c.json(showBacktest(work.backtest), 202, { location: `/v1/backtests/${begun.value}` });
  };
  return new Hono<AppEnv>()
    .post('/', requireScope('rules:write'), async (c) => {
      const body = await readJson(c.req.raw, backtestBodySchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      const { from, to, ...given } = body.value;
      const until = Math.min(deps.nowMs(), to === undefined ? Infinity : Date.parse(to));
      const selection = {
        kind: 'past' as const,
        from: new Date(from).toISOString(),
        to: new Date(until).toISOString(),
        source: given.source ?? null,
        locationId: given.locationId ?? null,
      };
      return begin(c, { ...toVersions(given), selection, leads: [], before: given.before });
    })
    .post('/upload', requireScope('rules:write'), async (c) => {
      const query = parseInput(backtestFileQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const table = await readTable(c.req.raw, FILE_LIMIT_BYTES);
      if (!table.ok) return fail(c, table.error);
      const { leads, errors } = parseLeadRows(table.value, deps.nowMs());
      if (errors.length > 0) return fail(c, invalidInput(errors));
      return begin(c, { ...toVersions(query.value), selection: { kind: 'file' }, leads, before: 'in_effect' });
    })
    .get('/', requireScope('rules:read'), async (c) => {
      const query = parseInput(backtestsQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const { limit, cursor = null } = query.value;
      const page = await listBacktests(deps.database, { limit, cursor });
      return c.json({ ...page, items: page.items.map(showBacktest) });
    })
    .get('/:id', requireScope('rules:read'), async (c) => {
      const work = await find(c);
      if (!work) return fail(c, notFound);
      return c.json(showFoundBacktest(work, await deps.readDirectory(backgroundOf(c))));
    })
    .get('/:id/locations', requireScope('rules:read'), async (c) => {
      const query = parseInput(backtestLocationsQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const work = await find(c);
      if (!work) return fail(c, notFound);
      const { limit, cursor } = query.value;
      return c.json(showLocations(work, await deps.readDirectory(backgroundOf(c)), { skip: cursor, limit }));
    })
    .get('/:id/moves', requireScope('rules:read'), async (c) => {
      const query = parseInput(backtestMovesQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const work = await find(c);
      if (!work) return fail(c, notFound);
      const { limit, cursor = -1, from = null, to = null } = query.value;
      const { backtestId } = work.backtest;
      return c.json(await listBacktestMoves(deps.database, { backtestId, limit, cursor, from, to }));
    })
    .post('/:id/cancel', requireScope('rules:write'), async (c) => {
      const work = await find(c);
      if (!work) return fail(c, notFound);
      const { backtestId } = work.backtest;
      await endBacktest(deps.database, { backtestId, status: 'cancelled', error: null });
      await dropRows(deps, { backtestId, moves: false });
      const ended = await findBacktest(deps.database, backtestId);
      return ended ? c.json(showBacktest(ended.backtest)) : fail(c, notFound);
    })
    .delete('/:id', requireScope('rules:write'), async (c) => {
      const work = await find(c);
      if (!work) return fail(c, notFound);
      const { backtestId } = work.backtest;
      await endBacktest(deps.database, { backtestId, status: 'cancelled', error: null });
      await dropBacktest(deps, backtestId);
      return c.body(null, 204);
    });
}

interface Versions {
  readonly name?: string | undefined;
  readonly rules?: number | undefined;
  readonly territories?: number | undefined;
  readonly at?: string | undefined;
}

function toVersions({ name, rules, territories, at }: Versions): Pick<BacktestRequest, keyof Versions> {
  return { name: name ?? null, rules: rules ?? null, territories: territories ?? null, at: at ?? null };
}
