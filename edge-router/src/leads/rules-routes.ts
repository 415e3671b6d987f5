import { Hono, type Context } from 'hono';
import { createRules } from '../../../db/queries/create-rules.ts';
import { findRules } from '../../../db/queries/find-rules.ts';
import { listRules } from '../../../db/queries/list-rules.ts';
import { readActiveRules } from '../../../db/queries/read-active-rules.ts';
import { replaceRules } from '../../../db/queries/replace-rules.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { publishSchema, readVersion, versionListQuerySchema } from '../http/versions.ts';
import { publishDraft } from './publish-rules.ts';
import type { LeadRouteDeps } from './routes.ts';
import { rulesDocumentSchema } from './rules/routing-rules.ts';

const BODY_LIMIT_BYTES = 16 * 1024;

export type RulesRouteDeps = Pick<LeadRouteDeps, 'deps' | 'requireScope'> & {
  /** Brings the directory up to Postgres, so that the next lead is decided by what was published. Does not throw. */
  readonly refreshDirectory: () => Promise<void>;
};

/** `/v1/rules`: versions of the routing rules, drafted, replaced, published. */
export function createRulesRoutes({ deps, requireScope, refreshDirectory }: RulesRouteDeps): Hono<AppEnv> {
  const notFound = (c: Context<AppEnv>): Response =>
    toProblem({ kind: 'not_found', what: 'version of the rules' }, c.var.requestId);
  const readVersionInEffect = async (): Promise<number> =>
    (await readActiveRules(deps.database, new Date(deps.nowMs()).toISOString())).version;
  return new Hono<AppEnv>()
    .get('/', requireScope('rules:read'), async (c) => {
      const query = parseInput(versionListQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { limit, cursor } = query.value;
      const [page, inEffect] = await Promise.all([
        listRules(deps.database, { limit, cursor: cursor ?? null }),
        readVersionInEffect(),
      ]);
      const items = page.items.map((item) => ({ ...item, inEffect: item.version === inEffect }));
      return c.json({ items, nextCursor: page.nextCursor === null ? null : String(page.nextCursor) });
    })
    .post('/', requireScope('rules:write'), async (c) => {
      const document = await readJson(c.req.raw, rulesDocumentSchema, BODY_LIMIT_BYTES);
      if (!document.ok) return toProblem(document.error, c.var.requestId);
      const created = await createRules(deps.database, document.value);
      return c.json({ ...created, inEffect: false }, 201, { location: `/v1/rules/${created.version}` });
    })
    .get('/:version', requireScope('rules:read'), async (c) => {
      const version = readVersion(c.req.param('version'));
      const [found, inEffect] = await Promise.all([findRules(deps.database, version), readVersionInEffect()]);
      return found ? c.json({ ...found, inEffect: found.version === inEffect }) : notFound(c);
    })
    .put('/:version', requireScope('rules:write'), async (c) => {
      const document = await readJson(c.req.raw, rulesDocumentSchema, BODY_LIMIT_BYTES);
      if (!document.ok) return toProblem(document.error, c.var.requestId);
      const version = readVersion(c.req.param('version'));
      const replaced = await replaceRules(deps.database, { version, document: document.value });
      if (replaced) return c.json({ ...replaced, inEffect: false });
      if (!(await findRules(deps.database, version))) return notFound(c);
      const detail = `Version ${version} is published and never changes: post a new one.`;
      return toProblem({ kind: 'conflict', detail }, c.var.requestId);
    })
    .post('/:version/publish', requireScope('rules:write'), async (c) => {
      const body = await readJson(c.req.raw, publishSchema, BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const version = readVersion(c.req.param('version'));
      const published = await publishDraft(deps, { version, effectiveAt: body.value.effectiveAt });
      if (!published.ok) return toProblem(published.error, c.var.requestId);
      await refreshDirectory();
      return c.json({ ...published.value, inEffect: published.value.version === (await readVersionInEffect()) });
    });
}
