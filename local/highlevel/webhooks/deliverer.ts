// Takes queued webhooks to their address: any answer but 2xx is tried again, up to twelve times, with doubling backoff. At least
// once: an attempt that the process did not live to record is made again. Order is not kept. Source: HighLevel's policy since
// 2026-04-30; its timeout and its exact backoff are not published.

import { setTimeout as delay } from 'node:timers/promises';
import { dueAfterMs, type Clock } from '../clock.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import { SIGNATURE_HEADER } from './signing.ts';
import type { QueuedWebhook, WebhookQueue } from './webhook-queue.ts';

const MAX_IN_FLIGHT = 20;
/** The queue is looked at again at least this often. */
const MAX_SLEEP_MS = 30_000;
const JITTER = 0.25;

type Parts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly queue: WebhookQueue;
  readonly sign: (body: Buffer) => string;
};

export type Deliverer = ReturnType<typeof createDeliverer>;

export function createDeliverer({ store, clock, settings, queue, sign }: Parts) {
  const inFlight = new Set<number>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;

  /** Looks at the queue on the next turn, when the transaction that asks is over. */
  function wake(): void {
    if (isAsked || stopping.signal.aborted) return;
    isAsked = true;
    setImmediate(pump);
  }

  function pump(): void {
    isAsked = false;
    if (stopping.signal.aborted) return;
    clearTimeout(timer);
    const nowMs = clock.nowMs();
    const idle = queue.listWaiting(MAX_IN_FLIGHT * 2).filter(({ seq }) => !inFlight.has(seq));
    const due = idle.filter(({ dueAtMs }) => dueAtMs <= nowMs).slice(0, MAX_IN_FLIGHT - inFlight.size);
    for (const webhook of due) {
      inFlight.add(webhook.seq);
      void deliver(webhook);
    }
    const next = idle.find((webhook) => !due.includes(webhook));
    if (next === undefined || inFlight.size >= MAX_IN_FLIGHT) return;
    timer = setTimeout(wake, Math.min(Math.max(1, next.dueAtMs - nowMs), MAX_SLEEP_MS));
    timer.unref();
  }

  async function deliver(webhook: QueuedWebhook): Promise<void> {
    const lastStatus = await send(webhook);
    inFlight.delete(webhook.seq);
    // What was cut off by stopping is no failure: it goes out at the next start.
    if (stopping.signal.aborted) return;
    store.transaction(() => queue.recordAttempt(webhook.seq, judge(webhook, lastStatus)));
    wake();
  }

  /** Answers the status; 0 for no answer. Follows no redirect. */
  async function send({ audience, body }: QueuedWebhook): Promise<number> {
    const { app, agencyApp, webhooks } = settings.read();
    const url = audience === 'app' ? app.webhookUrl : agencyApp.webhookUrl;
    if (url === null) return 0;
    const bytes = Buffer.from(body);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: sign(bytes) },
        body: bytes,
        redirect: 'manual',
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(webhooks.timeoutMs)]),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 0;
    }
  }

  function judge({ attempts }: QueuedWebhook, lastStatus: number) {
    const nowMs = clock.nowMs();
    const { timeScale, webhooks } = settings.read();
    if (lastStatus >= 200 && lastStatus < 300) return { status: 'delivered' as const, lastStatus, dueAtMs: nowMs };
    if (attempts >= webhooks.maxRetries) return { status: 'given-up' as const, lastStatus, dueAtMs: nowMs };
    const backoffMs = Math.min(webhooks.backoffMs * 2 ** attempts, webhooks.maxBackoffMs);
    const dueAtMs = dueAfterMs(nowMs, backoffMs * (1 + Math.random() * JITTER), timeScale);
    return { status: 'waiting' as const, lastStatus, dueAtMs };
  }

  return {
    wake,
    /** Ends what is under way without waiting for its answers. */
    stop: async (): Promise<void> => {
      clearTimeout(timer);
      stopping.abort();
      while (inFlight.size > 0) await delay(1);
    },
  };
}
