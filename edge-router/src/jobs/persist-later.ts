import type { AppDeps } from '../deps.ts';

/** What QStash keeps while Postgres is away. Its bodies may hold people's data, and are hidden in QStash's own console and logs. */
export interface PersistMessage {
  readonly job: 'persist-lead' | 'persist-event' | 'lead-events';
  /** Unique for what is kept: the same again is one message. */
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** How often it was put off; 0 is the first message. */
  readonly postponed: number;
}

/** 5, 25, 125 s…: for a Worker that is away. A database that is away is waited for by messages that follow each other. */
export const patientRetries = { retries: 5, retryDelay: '5000 * pow(5, retried)' } as const;
const FIRST_DELAY_SECONDS = 2;
const MAX_DELAY_SECONDS = 60;

/** Hands something to QStash that Postgres cannot take now. Throws when QStash cannot take it either: then nothing is kept. */
export async function persistLater(
  { qstash, config }: Pick<AppDeps, 'qstash' | 'config'>,
  { job, id, body, postponed }: PersistMessage,
): Promise<void> {
  await qstash.batch([
    {
      url: `${config.publicUrl}/v1/jobs/${job}`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, postponed: postponed + 1 }),
      deduplicationId: `${job}-${id}-${postponed}`,
      ...patientRetries,
      delay: Math.min(FIRST_DELAY_SECONDS * 2 ** Math.min(postponed, 10), MAX_DELAY_SECONDS),
      redact: { body: true },
    },
  ]);
}
