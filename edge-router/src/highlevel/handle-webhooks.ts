import { markReconnectNeeded } from '../../../db/queries/mark-reconnect-needed.ts';
import { markWebhookHandled } from '../../../db/queries/mark-webhook-handled.ts';
import { readUnhandledWebhooks, type UnhandledWebhook } from '../../../db/queries/read-unhandled-webhooks.ts';
import { recordInstallation } from '../../../db/queries/record-installation.ts';
import type { AppDeps } from '../deps.ts';
import { parseWebhook, readHappenedAt, readMeaning } from './rules/webhook-event.ts';

/** What handles the events of a lead's life; null: not now. */
export type HandleLeadWebhook = (event: {
  readonly id: string;
  readonly payload: unknown;
  readonly happenedAt: string;
}) => Promise<{ readonly handledAs: string; readonly leadId?: string } | null>;

/** What handles what a source sent that is not HighLevel. */
export type HandleSourceEvent = (event: {
  readonly id: string;
  readonly source: string;
  readonly payload: unknown;
}) => Promise<{ readonly handledAs: string; readonly leadId?: string } | null>;

type Deps = Pick<AppDeps, 'config' | 'database' | 'nowMs' | 'log'> & {
  readonly handleLeadWebhook: HandleLeadWebhook;
  readonly handleSourceEvent: HandleSourceEvent;
};

/**
 * Does what webhooks ask for, in any order and however often: the app came into a sub-account or left it, the agency took it
 * out, a probe contact arrived, a lead's life went on. One that fails does not keep the others; the minute's Cron comes back to it.
 */
export async function handleWebhooks(deps: Deps, webhookIds: readonly string[]): Promise<void> {
  for (const webhook of await readUnhandledWebhooks(deps.database, webhookIds)) {
    try {
      const handled = await handleWebhook(deps, webhook);
      if (handled !== null) await markWebhookHandled(deps.database, { id: webhook.id, ...handled });
    } catch (error) {
      deps.log({ event: 'webhook_not_handled', webhookId: webhook.id, type: webhook.type, error });
    }
  }
}

async function handleWebhook(
  deps: Deps,
  { id, payload: stored, source }: UnhandledWebhook,
): Promise<{ readonly handledAs: string; readonly leadId?: string } | null> {
  if (source !== null) return deps.handleSourceEvent({ id, source, payload: stored });
  const payload = parseWebhook(stored);
  if (!payload.ok) return { handledAs: 'unreadable' };
  const meaning = readMeaning(payload.value);
  switch (meaning.kind) {
    case 'installation': {
      const { ghlLocationId, installed } = meaning;
      const changedAt = readHappenedAt(payload.value, deps.nowMs());
      const companyId = payload.value.companyId ?? null;
      await recordInstallation(deps.database, { ghlLocationId, companyId, installed, changedAt, webhookId: id });
      return { handledAs: installed ? 'installed' : 'uninstalled' };
    }
    case 'company_uninstalled': {
      const companyId = deps.config.highlevel?.companyId ?? '';
      deps.log({ event: 'highlevel_reconnect_needed', companyId, reason: 'uninstalled' });
      const happenedAt = readHappenedAt(payload.value, deps.nowMs());
      await markReconnectNeeded(deps.database, { companyId, version: null, reason: 'uninstalled', happenedAt });
      return { handledAs: 'company_uninstalled' };
    }
    case 'company_installed':
    case 'probe':
      return { handledAs: meaning.kind };
    case 'kept': {
      const happenedAt = readHappenedAt(payload.value, deps.nowMs());
      return deps.handleLeadWebhook({ id, payload: payload.value, happenedAt });
    }
  }
}
