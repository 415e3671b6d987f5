import { markReconnectNeeded } from '../../../db/queries/mark-reconnect-needed.ts';
import { markWebhooksHandled, type HandledWebhook } from '../../../db/queries/mark-webhooks-handled.ts';
import { readUnhandledWebhooks, type UnhandledWebhook } from '../../../db/queries/read-unhandled-webhooks.ts';
import { recordInstallation } from '../../../db/queries/record-installation.ts';
import type { AppDeps } from '../deps.ts';
import { toldText } from './rules/told-text.ts';
import {
  parseWebhook,
  readHappenedAt,
  readMeaning,
  type WebhookMeaning,
  type WebhookPayload,
} from './rules/webhook-event.ts';

/** What became of a webhook; null: it is too early, and is looked at again. */
export type Handled = Omit<HandledWebhook, 'id'> | null;
/** What is known at once, or work that has still to be done. */
export type Handling = Handled | (() => Promise<Handled>);

export interface ToldWebhook {
  readonly id: string;
  readonly payload: unknown;
  /** ISO 8601. */
  readonly happenedAt: string;
}

/** What handles the events of a lead's life: many at once, since most of them ask for nothing. */
export type HandleLeadWebhooks = (events: readonly ToldWebhook[]) => Promise<readonly Handling[]>;

/** What handles what a source sent that is not HighLevel. */
export type HandleSourceEvent = (event: {
  readonly id: string;
  readonly source: string;
  readonly payload: unknown;
}) => Promise<Handled>;

type Deps = Pick<AppDeps, 'config' | 'database' | 'nowMs' | 'log'> & {
  readonly handleLeadWebhooks: HandleLeadWebhooks;
  readonly handleSourceEvent: HandleSourceEvent;
};

/**
 * Does what webhooks ask for, in any order and however often: the app came into a sub-account or left it, the agency took it
 * out, a probe contact arrived, a lead's life went on. One that fails does not keep the others; the minute's Cron comes back to it.
 */
export async function handleWebhooks(deps: Deps, webhookIds: readonly string[]): Promise<void> {
  const webhooks = await readUnhandledWebhooks(deps.database, webhookIds);
  const handlings = await handleAll(deps, webhooks);
  await markWebhooksHandled(
    deps.database,
    handlings.flatMap(({ id, handling }) =>
      handling === null || typeof handling === 'function' ? [] : { id, ...handling },
    ),
  );
  for (const { id, type, handling } of handlings) {
    if (typeof handling !== 'function') continue;
    try {
      const handled = await handling();
      if (handled !== null) await markWebhooksHandled(deps.database, [{ id, ...handled }]);
    } catch (error) {
      deps.log({ event: 'webhook_not_handled', webhookId: id, type, error });
    }
  }
}

interface HandledOf {
  readonly id: string;
  readonly type: string;
  readonly handling: Handling;
}

/** In the order in which they came, so that what a contact went through is done in that order. */
async function handleAll(deps: Deps, webhooks: readonly UnhandledWebhook[]): Promise<readonly HandledOf[]> {
  const read = webhooks.map((webhook) => ({ ...webhook, meaning: readWebhook(webhook) }));
  const ofLeads = read.flatMap(({ id, meaning }) => {
    if (meaning.kind !== 'kept') return [];
    return { id, payload: meaning.payload, happenedAt: readHappenedAt(meaning.payload, deps.nowMs()) };
  });
  const leadHandlings = await deps.handleLeadWebhooks(ofLeads);
  const handlingById = new Map(ofLeads.map(({ id }, at) => [id, leadHandlings[at] ?? null]));
  return read.map(({ id, type, meaning }) => ({
    id,
    type,
    handling: handlingById.get(id) ?? handleOne(deps, id, meaning),
  }));
}

type Read =
  | { readonly kind: 'of_source'; readonly source: string; readonly payload: unknown }
  | { readonly kind: 'unreadable' }
  | (WebhookMeaning & { readonly payload: WebhookPayload });

function readWebhook({ payload: stored, source }: UnhandledWebhook): Read {
  if (source !== null) return { kind: 'of_source', source, payload: stored };
  const payload = parseWebhook(stored);
  return payload.ok ? { ...readMeaning(payload.value), payload: payload.value } : { kind: 'unreadable' };
}

function handleOne(deps: Deps, id: string, read: Read): Handling {
  switch (read.kind) {
    case 'of_source':
      return () => deps.handleSourceEvent({ id, source: read.source, payload: read.payload });
    case 'installation':
      return async () => {
        const { ghlLocationId, installed, payload } = read;
        const changedAt = readHappenedAt(payload, deps.nowMs());
        const companyId = toldText(payload['companyId']);
        await recordInstallation(deps.database, { ghlLocationId, companyId, installed, changedAt, webhookId: id });
        return { handledAs: installed ? 'installed' : 'uninstalled' };
      };
    case 'company_uninstalled':
      return async () => {
        const companyId = deps.config.highlevel?.companyId ?? '';
        deps.log({ event: 'highlevel_reconnect_needed', companyId, reason: 'uninstalled' });
        const happenedAt = readHappenedAt(read.payload, deps.nowMs());
        await markReconnectNeeded(deps.database, { companyId, version: null, reason: 'uninstalled', happenedAt });
        return { handledAs: 'company_uninstalled' };
      };
    case 'company_installed':
    case 'probe':
    case 'unreadable':
      return { handledAs: read.kind };
    case 'kept':
      return null;
  }
}
