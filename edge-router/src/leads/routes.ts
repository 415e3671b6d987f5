import { Hono } from 'hono';
import { isUnavailable } from '../../../db/database.ts';
import { findLead } from '../../../db/queries/find-lead.ts';
import { isLeadArchived } from '../../../db/queries/is-lead-archived.ts';
import { listLeads } from '../../../db/queries/list-leads.ts';
import type { AppDeps } from '../deps.ts';
import { checkSource, type createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { createKeyedHash } from '../http/hash.ts';
import { toProblem } from '../http/problem.ts';
import type { OutboxDrain } from '../jobs/outbox.ts';
import type { CapacityCopies } from '../locations/capacity-copies.ts';
import type { DirectoryHolder } from '../locations/directory-holder.ts';
import { asLeadId, isUuid } from '../rules/ids.ts';
import { acceptLead } from './accept-lead.ts';
import { BATCH_BODY_LIMIT_BYTES, batchInputSchema, describeBatch, readBatch } from './batch-answer.ts';
import { leadListQuerySchema } from './list-query.ts';
import { previewLead, previewQuerySchema } from './preview-lead.ts';
import { readLeadBody } from './read-lead.ts';
import { describeTiming, readContext } from './request-context.ts';
import { createPostgresCircuit } from './postgres-circuit.ts';
import { routeLead, type RouteLeadRequest } from './route-lead.ts';
import { acceptLeads } from './accept-leads.ts';
import { routeLeads, type RouteLeadsOutcome } from './route-leads.ts';
import { describeStoredLead } from './stored-lead.ts';

export interface LeadRouteDeps {
  readonly deps: AppDeps;
  readonly directory: DirectoryHolder;
  readonly outbox: OutboxDrain;
  readonly capacity: CapacityCopies;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/leads`: send, send many, preview, list, look up. */
export function createLeadRoutes({ deps, directory, outbox, capacity, requireScope }: LeadRouteDeps): Hono<AppEnv> {
  const routing = { ...deps, directory, capacity, hashPerson: createKeyedHash(deps.config.personHashKey) };
  const circuit = createPostgresCircuit(deps.nowMs);

  async function routeUnlessAway(request: RouteLeadRequest): Promise<Awaited<ReturnType<typeof routeLead>> | 'away'> {
    if (circuit.isOpen()) return 'away';
    try {
      return await routeLead(routing, request);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      circuit.noticeFailure();
      return 'away';
    }
  }

  async function routeAllUnlessAway(request: Parameters<typeof routeLeads>[1]): Promise<RouteLeadsOutcome | 'away'> {
    if (circuit.isOpen()) return 'away';
    try {
      return await routeLeads(routing, request);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      circuit.noticeFailure();
      return 'away';
    }
  }

  return new Hono<AppEnv>()
    .post('/', requireScope('leads:write', 'edge'), async (c) => {
      const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
      const input = await readLeadBody(c.req.raw);
      if (!input.ok) return toProblem(input.error, c.var.requestId);
      const refused = checkSource(c.var.apiKey, input.value.source);
      if (refused) return toProblem(refused, c.var.requestId);
      const context = readContext(c, background);
      if (!context.ok) return toProblem(context.error, c.var.requestId);
      const request = { input: input.value, context: context.value, leadId: asLeadId(deps.newId()) };
      const routed = await routeUnlessAway(request);
      if (routed === 'away') {
        const accepted = await acceptLead(routing, request);
        if (!accepted.ok) return toProblem(accepted.error, c.var.requestId);
        return c.json(accepted.value, 202, { location: `/v1/leads/${accepted.value.leadId}` });
      }
      if (!routed.ok) return toProblem(routed.error, c.var.requestId);
      const { lead, directoryVersion, postgres } = routed.value;
      if (directoryVersion !== null) directory.notice(directoryVersion, background);
      c.header('server-timing', describeTiming(postgres));
      if (lead.replayed) return c.json(lead, 200, { 'idempotency-replayed': 'true' });
      outbox.start(background);
      return c.json(lead, 201, { location: `/v1/leads/${lead.leadId}` });
    })
    .post('/batch', requireScope('leads:write'), async (c) => {
      const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
      const input = await readJson(c.req.raw, batchInputSchema, BATCH_BODY_LIMIT_BYTES);
      if (!input.ok) return toProblem(input.error, c.var.requestId);
      const context = readContext(c, background);
      if (!context.ok) return toProblem(context.error, c.var.requestId);
      const { good, bad } = readBatch(input.value.leads, c.var.apiKey);
      const routed = await routeAllUnlessAway({ leads: good, context: context.value });
      if (routed === 'away') {
        const accepted = await acceptLeads(routing, { leads: good, context: context.value });
        return c.json(describeBatch({ routed: accepted, bad }, c.var.requestId));
      }
      const { items, directoryVersion, postgres } = routed;
      if (directoryVersion !== null) {
        directory.notice(directoryVersion, background);
        outbox.start(background);
      }
      c.header('server-timing', describeTiming(postgres));
      return c.json(describeBatch({ routed: items, bad }, c.var.requestId));
    })
    .post('/preview', requireScope('leads:read', 'edge'), async (c) => {
      const input = await readLeadBody(c.req.raw);
      if (!input.ok) return toProblem(input.error, c.var.requestId);
      const query = parseInput(previewQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
      const { exact } = query.value;
      return c.json(await previewLead({ ...deps, directory, capacity }, { input: input.value, exact, background }));
    })
    .get('/', requireScope('leads:read'), async (c) => {
      const query = parseInput(leadListQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      return c.json(await listLeads(deps.database, query.value));
    })
    .get('/:id', requireScope('leads:read'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const found = isUuid(id) ? await findLead(deps.database, asLeadId(id)) : null;
      if (!found) {
        const isArchived = isUuid(id) && (await isLeadArchived(deps.database, id));
        return toProblem({ kind: isArchived ? 'archived' : 'not_found', what: 'lead' }, c.var.requestId);
      }
      const current = await directory.current((work) => c.executionCtx.waitUntil(work));
      return c.json(describeStoredLead(found, current));
    });
}
