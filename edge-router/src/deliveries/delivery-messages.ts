// What QStash carries: "go on with this delivery". Whatever it loses is in Postgres, and taken up by the minute's Cron.
import { claimDueDeliveries } from '../../../db/queries/claim-due-deliveries.ts';
import type { AppDeps } from '../deps.ts';

/** Rows a lease: a call takes 20 s at most, and each part is written down after one. */
export const DELIVERY_LEASE_SECONDS = 60;
/** 5, 10, 20, 40 and 80 s: for a Worker or a database that was away. */
const RETRIES = 5;
const RETRY_DELAY = '5000 * pow(2, retried)';
const MESSAGES_PER_CALL = 100;
/** At once at one sub-account. HighLevel's 100 calls in 10 s are the governor's to keep. */
const PARALLELISM = 2;
/** Longer than QStash's own retries. */
const OVERDUE_SECONDS = 240;
const DELIVERIES_PER_SWEEP = 500;

export interface DeliveryMessage {
  readonly id: string;
  readonly turn: number;
  readonly ghlLocationId: string;
  readonly delaySeconds?: number;
}

type Deps = Pick<AppDeps, 'qstash' | 'config' | 'log'>;

/** Asks QStash to go on with deliveries, those of one sub-account a few at a time. The same turn twice is one message. */
export async function sendDeliveryMessages(deps: Deps, messages: readonly DeliveryMessage[]): Promise<void> {
  for (let sent = 0; sent < messages.length; sent += MESSAGES_PER_CALL) {
    const part = messages.slice(sent, sent + MESSAGES_PER_CALL);
    try {
      await deps.qstash.batch(part.map((message) => toQstashMessage(deps.config.publicUrl, message)));
    } catch (error) {
      deps.log({ event: 'deliveries_not_told', deliveries: part.length, error });
    }
  }
}

function toQstashMessage(publicUrl: string, { id, turn, ghlLocationId, delaySeconds = 0 }: DeliveryMessage) {
  return {
    url: `${publicUrl}/v1/jobs/deliver-lead`,
    method: 'POST' as const,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ deliveryId: id, turn }),
    deduplicationId: `deliver-${id}-${turn}`,
    flowControl: { key: `sub-account-${ghlLocationId}`, parallelism: PARALLELISM },
    retries: RETRIES,
    retryDelay: RETRY_DELAY,
    ...(delaySeconds > 0 ? { delay: Math.ceil(delaySeconds) } : {}),
  };
}

/** Each minute: deliveries whose message was lost go on. */
export async function sweepDeliveries(deps: Deps & Pick<AppDeps, 'database'>): Promise<void> {
  if (!deps.config.highlevel) return;
  const due = { limit: DELIVERIES_PER_SWEEP, overdueSeconds: OVERDUE_SECONDS };
  await sendDeliveryMessages(deps, await claimDueDeliveries(deps.database, due));
}
