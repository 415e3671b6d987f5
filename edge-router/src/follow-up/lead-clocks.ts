// The time that a location has to act on a lead: a delayed message for each assignment, and a row in Postgres for those that get lost.
import * as z from 'zod';
import { listDueClocks } from '../../../db/queries/list-due-clocks.ts';
import { missLeadClock } from '../../../db/queries/miss-lead-clock.ts';
import { readLeadClock } from '../../../db/queries/read-lead-clock.ts';
import { readWaitingLeads } from '../../../db/queries/read-waiting-leads.ts';
import { startLeadClocks, type LeadClock } from '../../../db/queries/start-lead-clocks.ts';
import type { AppDeps } from '../deps.ts';
import type { DirectoryHolder } from '../locations/directory-holder.ts';
import { addOpenMinutes } from '../locations/rules/add-open-minutes.ts';
import type { LeadSettings } from '../rules/lead-settings.ts';
import { findLeadSettings } from '../settings/find-lead-settings.ts';
import type { News } from '../subscriptions/rules/event.ts';

export type ClockDeps = Pick<AppDeps, 'config' | 'database' | 'qstash' | 'nowMs' | 'log'> & {
  readonly directory: Pick<DirectoryHolder, 'current'>;
  /** Gives the lead to somebody else by the rules; false when nobody else can take it. Known by its key: twice is once. */
  readonly reroute: (wish: {
    readonly leadId: string;
    readonly holderId: string;
    readonly reason: string;
    readonly key: string;
  }) => Promise<boolean>;
};

const begins = new Set(['lead.delivered', 'lead.assigned', 'lead.reassigned']);

type Sla = NonNullable<LeadSettings['sla']>;

/** QStash keeps a message for so long on any plan; a later time is reached in steps. */
const MAX_DELAY_SECONDS = 6 * 24 * 60 * 60;
const OVERDUE_SECONDS = 120;
const CLOCKS_PER_SWEEP = 50;
const MESSAGES_PER_CALL = 100;
const RETRIES = 5;
const RETRY_DELAY = '5000 * pow(2, retried)';

/**
 * Starts the clocks of leads that have reached their location: by delivery, or by assignment where nothing is delivered, because the brand
 * does not, or the location has no sub-account.
 */
export async function startClocks(deps: ClockDeps, news: readonly News[]): Promise<void> {
  const { settings } = await findSettings(deps, news);
  if (!settings?.sla) return;
  const isDelivering = deps.config.highlevel !== null && settings.delivery.enabled;
  const leadIds = news.flatMap(({ topic, leadId }) =>
    begins.has(topic) && typeof leadId === 'string' ? [leadId] : [],
  );
  if (leadIds.length === 0) return;
  const waiting = await readWaitingLeads(deps.database, leadIds);
  const clocks: LeadClock[] = [];
  for (const { leadId, move, locationId, deliveredAt, hasSubAccount } of waiting) {
    if (isDelivering && hasSubAccount && deliveredAt === null) continue;
    const startedMs = deliveredAt === null ? deps.nowMs() : Date.parse(deliveredAt);
    const dueMs = await findDueMs(deps, { sla: settings.sla, locationId, startedMs });
    clocks.push({ leadId, move, locationId, startedAt: toIso(startedMs), dueAt: toIso(dueMs) });
  }
  if (clocks.length === 0) return;
  await startLeadClocks(deps.database, clocks);
  await sendClockMessages(deps, clocks);
}

async function findSettings(deps: ClockDeps, news: readonly News[]): Promise<{ settings: LeadSettings | null }> {
  return news.some(({ topic }) => topic.startsWith('lead.')) ? findLeadSettings(deps) : { settings: null };
}

async function findDueMs(
  deps: ClockDeps,
  { sla, locationId, startedMs }: { sla: Sla; locationId: string; startedMs: number },
): Promise<number> {
  const directory = await deps.directory.current(() => undefined);
  const location = directory.locationsById.get(locationId);
  if (!sla.workingHoursOnly || !location) return startedMs + sla.minutes * 60_000;
  return addOpenMinutes(location, startedMs, sla.minutes);
}

async function sendClockMessages(
  deps: Pick<AppDeps, 'qstash' | 'config' | 'nowMs' | 'log'>,
  clocks: readonly Pick<LeadClock, 'leadId' | 'move' | 'dueAt'>[],
): Promise<void> {
  for (let sent = 0; sent < clocks.length; sent += MESSAGES_PER_CALL) {
    const part = clocks.slice(sent, sent + MESSAGES_PER_CALL).map(({ leadId, move, dueAt }) => {
      const seconds = Math.max(1, Math.ceil((Date.parse(dueAt) - deps.nowMs()) / 1000));
      return {
        url: `${deps.config.publicUrl}/v1/jobs/lead-clock`,
        method: 'POST' as const,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ leadId, move }),
        deduplicationId: `lead-clock-${leadId}-${move}-${Math.floor(seconds / MAX_DELAY_SECONDS)}`,
        delay: Math.min(seconds, MAX_DELAY_SECONDS),
        retries: RETRIES,
        retryDelay: RETRY_DELAY,
      };
    });
    try {
      await deps.qstash.batch(part);
    } catch (error) {
      deps.log({ event: 'clocks_not_told', clocks: part.length, error });
    }
  }
}

const messageSchema = z.object({ leadId: z.uuid(), move: z.int() });

/** The job `lead-clock`: a lead that nobody touched in time goes to the next, as often as the brand allows; then it stays. */
export async function checkClock(deps: ClockDeps, body: unknown): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { leadId, move } = message.data;
  const clock = await readLeadClock(deps.database, { leadId, move, nowAt: toIso(deps.nowMs()) });
  if (clock.status === 'early') await sendClockMessages(deps, [{ leadId, move, dueAt: clock.dueAt }]);
  if (clock.status !== 'untouched') return 'done';
  const { settings } = await findLeadSettings(deps);
  const minutes = settings.sla?.minutes ?? null;
  const mayGo = settings.sla !== null && clock.misses < settings.sla.maxReroutes;
  const reason = minutes === null ? 'not touched in time' : `not touched within ${minutes} minutes`;
  const key = `clock:${leadId}:${move}`;
  const rerouted = mayGo && (await deps.reroute({ leadId, holderId: clock.locationId, reason, key }));
  await missLeadClock(deps.database, { leadId, move, detail: { minutes, startedAt: clock.startedAt, rerouted } });
  return 'done';
}

/** Each minute: clocks that ran out and whose message was lost. */
export async function sweepClocks(deps: ClockDeps): Promise<void> {
  const due = await listDueClocks(deps.database, { limit: CLOCKS_PER_SWEEP, overdueSeconds: OVERDUE_SECONDS });
  for (const clock of due) await checkClock(deps, clock);
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
