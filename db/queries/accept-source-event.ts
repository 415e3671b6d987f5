import * as z from 'zod';
import type { Database } from '../database.ts';

export interface SourceEvent {
  readonly id: string;
  readonly type: 'form' | 'workflow';
  readonly source: string;
  readonly ghlLocationId: string | null;
  /** HighLevel's contact, of a workflow's. */
  readonly resourceId: string | null;
  /** Why it is no lead; null where it is one. */
  readonly reason: string | null;
  /** For so long the same is a duplicate; null: for as long as events are kept. */
  readonly forHours: number | null;
  readonly payload: unknown;
}

const answerSchema = z.object({ outcome: z.enum(['accepted', 'duplicate', 'rejected']), eventId: z.string() });
export type AcceptedEvent = z.output<typeof answerSchema>;

/** Stores what a source sent once, with its outbox row. */
export async function acceptSourceEvent(database: Database, event: SourceEvent): Promise<AcceptedEvent> {
  return answerSchema.parse(await database.askJson('select accept_source_event($1::jsonb)', JSON.stringify(event)));
}
