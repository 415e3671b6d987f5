import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { deleteSource } from '../../../db/queries/delete-source.ts';
import { readSources } from '../../../db/queries/read-sources.ts';
import { rotateSource } from '../../../db/queries/rotate-source.ts';
import { saveSource } from '../../../db/queries/save-source.ts';
import type { SourceRow } from '../../../db/queries/source-row.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { isPath } from './rules/find-path.ts';
import { isMappable, mappedFields } from './rules/read-lead-body.ts';
import { makeSourceSecret } from './rules/source-secret.ts';
import type { SourceBook } from './source-book.ts';

const BODY_LIMIT_BYTES = 32 * 1024;
const MAX_SOURCES = 500;
const nameSchema = z.object({
  name: z.string().regex(/^[\w.:-]{1,64}$/, { error: 'letters, digits, and . : _ - only' }),
});
const MAX_MAPPED = 40;

export const sourceBodySchema = z.strictObject({
  kind: z.enum(['form', 'workflow']).default('form'),
  mapping: z
    .record(
      z.string().refine(isMappable, { error: `one of ${Object.keys(mappedFields).join(', ')}, or consent.NAME` }),
      z.string().refine(isPath, { error: 'a path such as data.fields[name=zip].value' }),
    )
    .refine((mapping) => Object.keys(mapping).length <= MAX_MAPPED, { error: `at most ${MAX_MAPPED} fields` })
    .default({})
    .describe(
      'where in the body a field of the lead is, or what somebody agreed to (`consent.NAME`); what is left out is looked for under its usual names',
    ),
  enabled: z.boolean().default(true),
});

interface SourceRouteDeps {
  readonly deps: AppDeps;
  readonly sources: SourceBook;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** A source as it is shown: how to send to it, and, when it is made or its secret is changed, the secret. */
export const shownSourceSchema = z.object({
  name: z.string(),
  kind: z.enum(['form', 'workflow']),
  url: z.string(),
  mapping: z.record(z.string(), z.string()),
  enabled: z.boolean(),
  createdAt: z.string(),
});
export const sourceWithSecretSchema = shownSourceSchema.extend({ secret: z.string() });

/** `/v1/sources`: forms, ad platforms and workflows that send leads by webhook. */
export function createSourceRoutes({ deps, sources, requireScope }: SourceRouteDeps): Hono<AppEnv> {
  const { publicUrl, eventSigningKey } = deps.config;
  const show = ({ name, kind, mapping, enabled, createdAt }: SourceRow): z.output<typeof shownSourceSchema> => {
    const path = kind === 'form' ? 'forms' : 'highlevel/workflow';
    return { name, kind, url: `${publicUrl}/v1/webhooks/${path}/${name}`, mapping, enabled, createdAt };
  };
  const withSecret = (source: SourceRow): z.output<typeof sourceWithSecretSchema> => ({
    ...show(source),
    secret: makeSourceSecret(eventSigningKey, { name: source.name, version: source.secretVersion }),
  });
  const notFound = (c: Context<AppEnv>): Response => toProblem({ kind: 'not_found', what: 'source' }, c.var.requestId);
  return new Hono<AppEnv>()
    .get('/', requireScope('sources:read'), async (c) =>
      c.json({ items: (await readSources(deps.database)).map(show), nextCursor: null }),
    )
    .put('/:name', requireScope('sources:write'), async (c) => {
      const name = parseInput(nameSchema, c.req.param());
      if (!name.ok) return toProblem(name.error, c.var.requestId);
      const body = await readJson(c.req.raw, sourceBodySchema, BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const saved = await saveSource(deps.database, { ...name.value, ...body.value, maxCount: MAX_SOURCES });
      if (!saved) {
        return toProblem({ kind: 'conflict', detail: `There are ${MAX_SOURCES} sources already.` }, c.var.requestId);
      }
      sources.forget();
      return c.json(withSecret(saved));
    })
    .post('/:name/rotate', requireScope('sources:write'), async (c) => {
      const rotated = await rotateSource(deps.database, c.req.param('name'));
      if (!rotated) return notFound(c);
      sources.forget();
      return c.json(withSecret(rotated));
    })
    .delete('/:name', requireScope('sources:write'), async (c) => {
      const isDeleted = await deleteSource(deps.database, c.req.param('name'));
      sources.forget();
      return isDeleted ? c.body(null, 204) : notFound(c);
    });
}
