import type { AppDeps } from '../deps.ts';

/** What is nowhere but in the message. All other jobs are known to Postgres, and taken up from there. */
const KEPT_NOWHERE_ELSE = ['persist-lead', 'persist-event', 'lead-events', 'undelivered-event'] as const;
const LETTERS_PER_PAGE = 100;
/** Of each job; what is left comes with the next run. */
const MAX_PAGES = 10;
/** A job's own answer that no repetition helps. */
const NEVER = 489;

/**
 * Sends again what QStash gave up on, because the Worker was away for longer than a message has tries: leads and events that were
 * acknowledged. Jobs are safe to run twice, so this is too.
 */
export async function redriveDeadLetters({
  config,
  deadLetters,
  log,
}: Pick<AppDeps, 'config' | 'deadLetters' | 'log'>): Promise<void> {
  for (const job of KEPT_NOWHERE_ELSE) {
    const filter = { url: `${config.publicUrl}/v1/jobs/${job}` };
    let cursor: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page = await deadLetters.listMessages({ filter, count: LETTERS_PER_PAGE, ...(cursor && { cursor }) });
      const dlqIds = page.messages.filter(({ responseStatus }) => responseStatus !== NEVER).map(({ dlqId }) => dlqId);
      if (dlqIds.length > 0) {
        await deadLetters.retry({ dlqIds });
        log({ event: 'dead_letters_sent_again', job, count: dlqIds.length });
      }
      cursor = page.cursor;
      if (!cursor) break;
    }
  }
}
