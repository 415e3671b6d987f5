// What QStash carries: "go on with this row". Whatever it loses is in Postgres, and taken up by the next claim.
import { claimOnboardingRows } from '../../../db/queries/claim-onboarding-rows.ts';
import type { Turn } from '../../../db/queries/onboarding-batch-row.ts';
import { releaseOnboardingRows } from '../../../db/queries/release-onboarding-rows.ts';
import type { AppDeps } from '../deps.ts';
import { slotRules } from './slot-rules.ts';

/** 5, 10, 20, 40 and 80 s: a database that is away for a minute or two. */
const RETRIES = 5;
const RETRY_DELAY = '5000 * pow(2, retried)';
const MESSAGES_PER_CALL = 100;
const AGAIN_AFTER_SECONDS = 15;

export interface RowMessage extends Turn {
  /** Null: at once, for the row has a slot. */
  readonly delaySeconds: number | null;
}

type Deps = Pick<AppDeps, 'qstash' | 'config' | 'log' | 'database'>;

/** Asks QStash to go on with rows. The same turn twice is one message; what QStash does not take waits in Postgres. */
export async function sendRowMessages(deps: Deps, messages: readonly RowMessage[]): Promise<void> {
  for (let sent = 0; sent < messages.length; sent += MESSAGES_PER_CALL) {
    const part = messages.slice(sent, sent + MESSAGES_PER_CALL);
    try {
      await deps.qstash.batch(part.map((message) => toQstashMessage(deps.config.publicUrl, message)));
    } catch (error) {
      deps.log({ event: 'onboarding_rows_not_told', rows: part.length, error });
      const turns = part.filter(({ delaySeconds }) => delaySeconds === null);
      if (turns.length > 0) await releaseOnboardingRows(deps.database, { turns, afterSeconds: AGAIN_AFTER_SECONDS });
    }
  }
}

function toQstashMessage(publicUrl: string, { delaySeconds, batchId, row, turn }: RowMessage) {
  return {
    url: `${publicUrl}/v1/jobs/onboard-row`,
    method: 'POST' as const,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ batchId, row, turn }),
    deduplicationId: `onboard-row-${batchId}-${row}-${turn}`,
    retries: RETRIES,
    retryDelay: RETRY_DELAY,
    ...(delaySeconds === null ? {} : { delay: Math.max(1, Math.ceil(delaySeconds)) }),
  };
}

/** Tells rows that were given a slot to go on. */
export function sendClaimed(deps: Deps, claimed: readonly Turn[]): Promise<void> {
  return sendRowMessages(
    deps,
    claimed.map((turn) => ({ ...turn, delaySeconds: null })),
  );
}

/** Each minute: rows whose message was lost, or whose Worker died, go on. */
export async function sweepBatches(deps: Deps): Promise<void> {
  await sendClaimed(deps, await claimOnboardingRows(deps.database, slotRules(deps)));
}
