import { claimUnhandledWebhooks } from '../../../db/queries/claim-unhandled-webhooks.ts';
import type { AppDeps } from '../deps.ts';

const WEBHOOKS_PER_SWEEP = 200;
/** Their message has had its time by then. */
const OLDER_THAN_SECONDS = 60;

/** Each minute: webhooks whose message was lost, or that came too early, are handled. */
export async function sweepWebhooks(
  { database }: Pick<AppDeps, 'database'>,
  handle: (webhookIds: readonly string[]) => Promise<void>,
): Promise<void> {
  const due = await claimUnhandledWebhooks(database, {
    limit: WEBHOOKS_PER_SWEEP,
    olderThanSeconds: OLDER_THAN_SECONDS,
  });
  if (due.length > 0) await handle(due);
}
