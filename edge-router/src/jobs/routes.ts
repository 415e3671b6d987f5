import { Hono, type MiddlewareHandler } from 'hono';
import * as z from 'zod';
import type { AppDeps } from '../deps.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseJson, readRequestText } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { isUnavailable } from '../../../db/database.ts';
import { recordAnnouncements } from '../../../db/queries/record-announcements.ts';
import { deliverNews, type DeliverDeps } from '../subscriptions/deliver-news.ts';
import type { News } from '../subscriptions/rules/event.ts';
import { MAX_EVENTS_PER_MESSAGE } from './outbox.ts';
import { persistLater } from './persist-later.ts';

/** More than any of our own takes: the largest webhook with what belongs to it. */
const JOB_BODY_LIMIT_BYTES = 1024 * 1024;

/** A job takes the message's JSON body. `refused` stops QStash's retries for good; a throw lets it retry. */
export type Job = (body: unknown, messageId: string) => Promise<'done' | 'refused'>;

/** Takes the ids of webhooks that were accepted. */
export type HandleWebhooks = (webhookIds: readonly string[]) => Promise<void>;
/** Does what follows from news of the outbox, such as a lead's delivery. Called again with the same news after a failure. */
export type FollowNews = (news: readonly News[], messageId: string) => Promise<void>;

type NewsDeps = DeliverDeps & { readonly handleWebhooks: HandleWebhooks; readonly followers: readonly FollowNews[] };

/** The table of jobs, by the last part of their address: those of this folder, and the features' own. */
function createJobs(deps: NewsDeps, jobs: ReadonlyMap<string, Job>): ReadonlyMap<string, Job> {
  return new Map([...jobs, ['lead-events', (body, messageId) => announceOrWait(deps, body, messageId)]]);
}

const newsSchema = z.object({
  events: z
    .array(
      z.looseObject({
        outboxId: z.number(),
        topic: z.string(),
        leadId: z.uuid().optional(),
        webhookId: z.string().optional(),
      }),
    )
    .min(1)
    .max(MAX_EVENTS_PER_MESSAGE),
  postponed: z.int().default(0),
});

/**
 * The outbox has let go of this news: nothing else brings it again. So while Postgres is away it waits in message after message, and
 * uses up no retries.
 */
async function announceOrWait(deps: NewsDeps, body: unknown, messageId: string): Promise<'done' | 'refused'> {
  const parsed = newsSchema.safeParse(body);
  if (!parsed.success) return 'refused';
  const { events, postponed } = parsed.data;
  try {
    await announce(deps, events, messageId);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    // Each row of the outbox is in one message only.
    await persistLater(deps, { job: 'lead-events', id: String(events[0]?.outboxId), body: { events }, postponed });
  }
  return 'done';
}

/**
 * Writes onto each lead's time line that its outcome was announced, tells subscribers, and hands webhooks on; a repeated message
 * changes nothing.
 */
async function announce(
  deps: NewsDeps,
  events: z.output<typeof newsSchema>['events'],
  messageId: string,
): Promise<void> {
  const announcements = events.flatMap(({ outboxId, topic, leadId }) => (leadId ? [{ outboxId, topic, leadId }] : []));
  const webhookIds = events.flatMap(({ webhookId }) => webhookId ?? []);
  await Promise.all([
    webhookIds.length > 0 ? deps.handleWebhooks(webhookIds) : null,
    announcements.length > 0 ? recordAnnouncements(deps.database, { announcements, messageId }) : null,
    deliverNews(deps, events),
    ...deps.followers.map((follow) => follow(events, messageId)),
  ]);
}

/**
 * `POST /v1/jobs/:job`, for QStash alone: the signature is checked over the raw body and the address it was sent to,
 * with the current and then the next key.
 */
export function createJobRoutes(
  deps: AppDeps & Pick<NewsDeps, 'handleWebhooks' | 'followers'>,
  featureJobs: ReadonlyMap<string, Job>,
): Hono<AppEnv> {
  const jobs = createJobs(deps, featureJobs);
  const jobRoutes = new Hono<AppEnv>().use(withoutRetryAfter);
  return jobRoutes.post('/:job', async (c) => {
    const text = await readRequestText(c.req.raw, JOB_BODY_LIMIT_BYTES);
    if (!text.ok) return toProblem(text.error, c.var.requestId);
    const url = `${deps.config.publicUrl}${c.req.path}`;
    if (!(await isSigned(deps, { signature: c.req.header('upstash-signature') ?? '', body: text.value, url }))) {
      return toProblem({ kind: 'invalid_signature' }, c.var.requestId);
    }
    const job = jobs.get(c.req.param('job'));
    const json = parseJson(text.value);
    const messageId = c.req.header('upstash-message-id') ?? '';
    const outcome = job && json.ok ? await job(json.value, messageId) : 'refused';
    if (outcome === 'done') return c.body(null, 204);
    deps.log({ event: 'job_refused', requestId: c.var.requestId, job: c.req.param('job'), messageId });
    return new Response('This message can never be handled.', {
      status: 489,
      headers: { 'upstash-nonretryable-error': 'true' },
    });
  });
}

/** QStash would go by it instead of a message's own retries, and use all of them up within seconds. */
const withoutRetryAfter: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  c.res.headers.delete('retry-after');
};

async function isSigned(
  deps: Pick<AppDeps, 'receiver' | 'log'>,
  request: { signature: string; body: string; url: string },
): Promise<boolean> {
  try {
    return await deps.receiver.verify(request);
  } catch (error) {
    deps.log({ event: 'job_signature_rejected', error });
    return false;
  }
}
