// HighLevel's sending of webhooks: at least once, again after every answer but 2xx with a wait that doubles, twelve times. Some come
// twice although they were acknowledged. What was acknowledged is written down here, for the count at the end.
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { createForger, forgeryKinds } from './forge.ts';
import { countUp, type Ledger } from './ledger.ts';
import type { EventFeed } from './make-events.ts';
import { TIME_SCALE } from './pace.ts';
import type { SoakEvent } from './soak-event.ts';
import type { SignedWebhook } from './webhook.ts';

const PATH = '/v1/webhooks/highlevel';
const AT_ONCE = 16;
const ANSWER_TIMEOUT_MS = 10_000;
const MAX_RETRIES = 12;
const FIRST_WAIT_MS = 10_000 / TIME_SCALE;
const MAX_WAIT_MS = 3_600_000 / TIME_SCALE;
const JITTER = 0.25;
const REPEATED_EVERY = 10;
const FORGED_EVERY = 50;

const outcomeSchema = z.object({ outcome: z.string(), reason: z.string().optional() });

interface Answer {
  /** 0 for no answer. */
  readonly status: number;
  readonly words: string;
}

export interface SendingOptions {
  readonly edgeUrl: string;
  readonly feed: EventFeed;
  readonly ledger: Ledger;
  readonly sign: (body: Buffer) => string;
  readonly masterLocationId: string;
  /** Resolves when another one may be sent for the first time. */
  readonly waitForTurn: () => Promise<void>;
}

/** Sends all that the feed has, and answers when each was acknowledged or given up. */
export async function sendWebhooks(options: SendingOptions): Promise<void> {
  const { edgeUrl, feed, ledger, waitForTurn } = options;
  const forge = createForger(options.sign, options.masterLocationId);
  const waiting = new Set<Promise<void>>();
  const later = (work: Promise<void>): void => {
    const tracked = work.finally(() => waiting.delete(tracked));
    waiting.add(tracked);
  };

  async function post({ body, headers }: SignedWebhook): Promise<Answer> {
    try {
      const answer = await fetch(`${edgeUrl}${PATH}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      const text = await answer.text();
      return { status: answer.status, words: describeAnswer(answer.status, text) };
    } catch {
      return { status: 0, words: 'none' };
    }
  }

  async function attempt(event: SoakEvent): Promise<boolean> {
    const { status } = await post(event.webhook);
    countUp(ledger.attempts, status === 0 ? 'none' : String(status));
    if (status < 200 || status > 299) return false;
    ledger.acknowledged.push(event);
    if (ledger.acknowledged.length % REPEATED_EVERY === 0) later(repeat(event));
    if (ledger.acknowledged.length % FORGED_EVERY === 0) later(sendForgery(event));
    return true;
  }

  async function sendAgain(event: SoakEvent): Promise<void> {
    for (let retry = 0; retry < MAX_RETRIES; retry++) {
      await delay(waitBefore(retry));
      if (await attempt(event)) return;
    }
    ledger.givenUp.push(event);
  }

  async function repeat({ webhook }: SoakEvent): Promise<void> {
    await delay(waitBefore(0));
    countUp(ledger.repeats, (await post(webhook)).words);
  }

  /** Until it is answered for what it is, and not for a part that is away. */
  async function sendForgery(genuine: SoakEvent): Promise<void> {
    const kind = forgeryKinds[(ledger.acknowledged.length / FORGED_EVERY) % forgeryKinds.length] ?? 'forged';
    const webhook = forge(kind, genuine);
    let answer = await post(webhook);
    for (let retry = 0; retry < MAX_RETRIES && (answer.status === 0 || answer.status === 429); retry++) {
      await delay(waitBefore(retry));
      answer = await post(webhook);
    }
    ledger.forgeries.push({ kind, webhook, answer: answer.words });
  }

  async function sendNext(): Promise<void> {
    for (;;) {
      await waitForTurn();
      const event = await feed.take();
      if (!event) return;
      const isTaken = await attempt(event);
      ledger.sent.push(event);
      if (!isTaken) later(sendAgain(event));
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
  while (waiting.size > 0) await Promise.all(waiting);
}

function waitBefore(retry: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** retry, MAX_WAIT_MS) * (1 + Math.random() * JITTER);
}

function describeAnswer(status: number, text: string): string {
  const outcome = status < 300 ? outcomeSchema.safeParse(parseJson(text)) : null;
  return [status, outcome?.data?.outcome, outcome?.data?.reason].filter((part) => part !== undefined).join(' ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
