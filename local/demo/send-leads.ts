import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { describeProblem } from './edge-client.ts';
import type { EdgeClient, Problem } from './edge-client.ts';
import type { DemoLead } from './make-lead.ts';

const LEAD_TIMEOUT_MS = 20_000;
const MAX_TRIES = 3;
const RETRY_DELAY_MS = 250;

const answerSchema = z.object({
  leadId: z.string(),
  status: z.string(),
  location: z.object({ id: z.string(), name: z.string() }).nullable(),
  decision: z.object({ matchLevel: z.string().nullable(), parkedReason: z.string().nullable() }),
  replayed: z.boolean(),
});

export type RoutedLead = z.output<typeof answerSchema> & { readonly tookMs: number };
export type LeadOutcome =
  | { readonly kind: 'routed'; readonly lead: RoutedLead }
  | { readonly kind: 'failed'; readonly externalId: string; readonly reason: string };

/** Sends leads, `concurrency` at a time, and tells each outcome as it comes. Answers them in the leads' order. */
export async function sendLeads(
  client: EdgeClient,
  options: { leads: readonly DemoLead[]; concurrency: number; onOutcome: () => void },
): Promise<LeadOutcome[]> {
  const { leads, concurrency, onOutcome } = options;
  const outcomes: LeadOutcome[] = [];
  const queue = leads.entries();
  const work = async () => {
    for (const [index, lead] of queue) {
      outcomes[index] = await sendLead(client, lead);
      onOutcome();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return outcomes;
}

/** The same lead again is safe: the router knows it by its externalId and answers what it answered first. */
async function sendLead(client: EdgeClient, lead: DemoLead): Promise<LeadOutcome> {
  const body = { type: 'application/json' as const, text: JSON.stringify(lead) };
  for (let attempt = 1; ; attempt++) {
    const startedMs = performance.now();
    const answer = await client.send({ path: '/v1/leads', body, timeoutMs: LEAD_TIMEOUT_MS });
    if (answer.ok) return readOutcome(answer.value, { lead, tookMs: performance.now() - startedMs });
    const isFinal = attempt === MAX_TRIES || !isWorthRetrying(answer.error);
    if (isFinal) return { kind: 'failed', externalId: lead.externalId, reason: describeProblem(answer.error) };
    await delay(RETRY_DELAY_MS * 2 ** attempt);
  }
}

function readOutcome(answer: unknown, { lead, tookMs }: { lead: DemoLead; tookMs: number }): LeadOutcome {
  const parsed = answerSchema.safeParse(answer);
  if (parsed.success) return { kind: 'routed', lead: { ...parsed.data, tookMs } };
  return { kind: 'failed', externalId: lead.externalId, reason: 'The answer has not the agreed shape.' };
}

function isWorthRetrying({ status }: Problem): boolean {
  return status === null || status === 429 || status >= 500;
}
