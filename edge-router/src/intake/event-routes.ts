import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { findEvent } from '../../../db/queries/find-event.ts';
import { listEvents, type EventListRequest } from '../../../db/queries/list-events.ts';
import { reopenEvent } from '../../../db/queries/reopen-event.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { momentSchema } from '../http/versions.ts';

const cursorSchema = z
  .string()
  .max(300)
  .transform((text, context): NonNullable<EventListRequest['cursor']> => {
    const space = text.indexOf(' ');
    const receivedAt = momentSchema.safeParse(text.slice(0, space));
    const id = text.slice(space + 1);
    if (receivedAt.success && id !== '') return { receivedAt: receivedAt.data, id };
    context.addIssue({ code: 'custom', message: 'not a cursor that a list gave' });
    return z.NEVER;
  });

/** The query of `GET /v1/events`. */
export const eventListQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: cursorSchema.optional(),
  outcome: z.enum(['accepted', 'ignored', 'rejected']).optional(),
  open: z.enum(['true', 'false']).optional().describe('whether they have still to be handled'),
  type: z.string().max(100).optional(),
  source: z.string().max(64).optional(),
  leadId: z.uuid().optional(),
});

interface EventRouteDeps {
  readonly deps: AppDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
  readonly handleEvents: (eventIds: readonly string[]) => Promise<void>;
}

/** `/v1/events`: what came by webhook and what became of it; none of what it says. Any of it may be handled again. */
export function createEventRoutes({ deps, requireScope, handleEvents }: EventRouteDeps): Hono<AppEnv> {
  const notFound = (c: Context<AppEnv>): Response => toProblem({ kind: 'not_found', what: 'event' }, c.var.requestId);
  return new Hono<AppEnv>()
    .get('/', requireScope('events:read'), async (c) => {
      const query = parseInput(eventListQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { limit, cursor, outcome, open, type, source, leadId } = query.value;
      const { items, next } = await listEvents(deps.database, {
        limit,
        cursor: cursor ?? null,
        outcome: outcome ?? null,
        isOpen: open === undefined ? null : open === 'true',
        type: type ?? null,
        source: source ?? null,
        leadId: leadId ?? null,
      });
      return c.json({ items, nextCursor: next ? `${next.receivedAt} ${next.id}` : null });
    })
    .get('/:id', requireScope('events:read'), async (c) => {
      const found = await findEvent(deps.database, c.req.param('id'));
      return found ? c.json(found) : notFound(c);
    })
    .post('/:id/replay', requireScope('events:write'), async (c) => {
      const id = c.req.param('id');
      const found = await findEvent(deps.database, id);
      if (!found) return notFound(c);
      if (!(await reopenEvent(deps.database, id))) {
        const detail = `The event was ${found.outcome}${found.reason === null ? '' : ` (${found.reason})`}: what it said is not kept.`;
        return toProblem({ kind: 'conflict', detail }, c.var.requestId);
      }
      await handleEvents([id]);
      return c.json((await findEvent(deps.database, id)) ?? found);
    });
}
