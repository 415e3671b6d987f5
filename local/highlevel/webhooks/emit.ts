import { dueAfterMs } from '../clock.ts';
import { createId } from '../identifiers.ts';
import { app, isInstalledIn } from '../modules/app-installations.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { WebhookQueue } from './webhook-queue.ts';

/** Something that HighLevel tells an app's webhook. */
export type WebhookEvent = {
  readonly type: string;
  /** The app's webhook, or that of an agency's own app, which alone hears of sub-accounts. */
  readonly audience: 'app' | 'agency-app';
  /** Flat; `type` goes before it and `timestamp`, `webhookId`, `appId`, `versionId` after it. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Not delivered before this; at once when left out. */
  readonly notBeforeMs?: number;
};

export type Emit = (event: WebhookEvent) => void;

type Parts = {
  readonly store: Store;
  readonly settings: Settings;
  readonly queue: WebhookQueue;
  readonly nowMs: () => number;
  /** Called for each event, inside the transaction that emits it. */
  readonly onQueued: () => void;
};

/** Queues events in the transaction of the write that they tell of. Our own writes by API are told like anybody's. */
export function createEmit({ store, settings, queue, nowMs, onQueued }: Parts): Emit {
  let emitted = 0;
  return ({ type, audience, payload, notBeforeMs }) => {
    const createdAtMs = nowMs();
    if (!isHeard({ type, audience, payload }, createdAtMs)) return;
    const { app: main, agencyApp, webhooks, timeScale } = settings.read();
    const url = audience === 'app' ? main.webhookUrl : agencyApp.webhookUrl;
    const id = createId();
    const added = { timestamp: new Date(createdAtMs).toISOString(), webhookId: id };
    const ours = audience === 'app' ? { appId: app.id, versionId: app.versionId } : {};
    const body = JSON.stringify({ type, ...payload, ...added, ...ours });
    const status = url === null ? 'unsent' : 'waiting';
    const dueAtMs = notBeforeMs ?? createdAtMs;
    const heldUntilMs = dueAfterMs(dueAtMs, webhooks.holdMs, timeScale);
    const entry = { id, type, audience, body, status, createdAtMs } as const;
    emitted += 1;
    queue.add({ ...entry, dueAtMs: isEvery(emitted, webhooks.holdEvery) ? heldUntilMs : dueAtMs });
    if (isEvery(emitted, webhooks.duplicateEvery)) queue.add({ ...entry, dueAtMs: heldUntilMs });
    onQueued();
  };

  /** An agency's own app hears only when there is one; the app only of sub-accounts that have it. */
  function isHeard({ type, audience, payload }: Omit<WebhookEvent, 'notBeforeMs'>, atMs: number): boolean {
    if (audience === 'agency-app') return settings.read().agencyApp.webhookUrl !== null;
    const { locationId } = payload;
    return type.endsWith('INSTALL') || typeof locationId !== 'string' || isInstalledIn(store, locationId, atMs);
  }
}

function isEvery(count: number, every: number): boolean {
  return every > 0 && count % every === 0;
}
