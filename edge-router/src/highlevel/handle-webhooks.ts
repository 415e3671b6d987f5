import { markReconnectNeeded } from '../../../db/queries/mark-reconnect-needed.ts';
import { markWebhookHandled } from '../../../db/queries/mark-webhook-handled.ts';
import { readUnhandledWebhooks, type UnhandledWebhook } from '../../../db/queries/read-unhandled-webhooks.ts';
import { recordInstallation } from '../../../db/queries/record-installation.ts';
import type { AppDeps } from '../deps.ts';
import { parseWebhook, readHappenedAt, readMeaning } from './rules/webhook-event.ts';

/**
 * Does what webhooks ask for, in any order and however often: the app came into a sub-account or left it, the agency took it
 * out, a probe contact arrived. Others are left for whoever handles leads.
 */
export async function handleWebhooks(
  deps: Pick<AppDeps, 'config' | 'database' | 'nowMs' | 'log'>,
  webhookIds: readonly string[],
): Promise<void> {
  for (const webhook of await readUnhandledWebhooks(deps.database, webhookIds)) {
    const handledAs = await handleWebhook(deps, webhook);
    if (handledAs !== null) await markWebhookHandled(deps.database, { id: webhook.id, handledAs });
  }
}

async function handleWebhook(
  deps: Pick<AppDeps, 'config' | 'database' | 'nowMs' | 'log'>,
  { id, payload: stored }: UnhandledWebhook,
): Promise<string | null> {
  const payload = parseWebhook(stored);
  if (!payload.ok) return 'unreadable';
  const meaning = readMeaning(payload.value);
  switch (meaning.kind) {
    case 'installation': {
      const { ghlLocationId, installed } = meaning;
      const changedAt = readHappenedAt(payload.value, deps.nowMs());
      const companyId = payload.value.companyId ?? null;
      await recordInstallation(deps.database, { ghlLocationId, companyId, installed, changedAt, webhookId: id });
      return installed ? 'installed' : 'uninstalled';
    }
    case 'company_uninstalled': {
      const companyId = deps.config.highlevel?.companyId ?? '';
      deps.log({ event: 'highlevel_reconnect_needed', companyId, reason: 'uninstalled' });
      const happenedAt = readHappenedAt(payload.value, deps.nowMs());
      await markReconnectNeeded(deps.database, { companyId, version: null, reason: 'uninstalled', happenedAt });
      return 'company_uninstalled';
    }
    case 'company_installed':
    case 'probe':
      return meaning.kind;
    case 'kept':
      return null;
  }
}
