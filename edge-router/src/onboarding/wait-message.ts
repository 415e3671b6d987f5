import type { AppDeps } from '../deps.ts';

type Deps = Pick<AppDeps, 'qstash' | 'config'>;

/** Asks QStash to go on with a wait after `delaySeconds`. `turn` tells one message from the next: a repeated one is dropped. */
export async function askToContinueWait(
  { qstash, config }: Deps,
  { waitId, turn, delaySeconds }: { waitId: string; turn: number; delaySeconds: number },
): Promise<void> {
  await qstash.batch([
    {
      url: `${config.publicUrl}/v1/jobs/continue-wait`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ waitId, turn }),
      delay: delaySeconds,
      deduplicationId: `continue-wait-${waitId}-${turn}`,
    },
  ]);
}

const WAKE_RETRIES = 8;

/**
 * Wakes the caller. An execution of n8n may not be stored as waiting yet when it is called (404 or 409), so QStash asks again,
 * first after 2 s and then ever later.
 */
export async function wakeCaller(
  { qstash }: Deps,
  { waitId, resumeUrl, body }: { waitId: string; resumeUrl: string; body: object },
): Promise<void> {
  await qstash.batch([
    {
      url: resumeUrl,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      retries: WAKE_RETRIES,
      retryDelay: '2000 * pow(2, retried)',
      deduplicationId: `wake-${waitId}`,
    },
  ]);
}
