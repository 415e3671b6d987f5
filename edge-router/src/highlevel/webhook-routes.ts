import { Hono } from 'hono';
import { acceptWebhook, type IncomingWebhook } from '../../../db/queries/accept-webhook.ts';
import { isUnavailable } from '../../../db/database.ts';
import type { HighlevelConfig } from '../config.ts';
import type { AppDeps } from '../deps.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseJson, readBodyBytes } from '../http/body.ts';
import { hashText } from '../http/hash.ts';
import { toProblem } from '../http/problem.ts';
import { persistLater } from '../jobs/persist-later.ts';
import { settleWebhook, type Settling } from './rules/settling.ts';
import { toldText } from './rules/told-text.ts';
import { judgeWebhook, parseWebhook, type WebhookPayload } from './rules/webhook-event.ts';
import { createWebhookCounters } from './webhook-counters.ts';
import { createWebhookVerifier, SIGNATURE_HEADER } from './webhook-signature.ts';

const BODY_LIMIT_BYTES = 512 * 1024;
const TRY_AGAIN = { kind: 'rate_limited', detail: 'It cannot be stored now.', retryAfterSeconds: 30 } as const;

export interface WebhookRouteDeps {
  readonly deps: AppDeps;
  /** Sends what was written into the outbox. */
  readonly announce: (background: (work: Promise<unknown>) => void) => void;
  /** What webhooks of the life of a lead are taken for at once. */
  readonly settleLead: SettleLead;
}

type SettleLead = (payload: unknown) => Settling;

/**
 * `POST /v1/webhooks/highlevel`: verified, stored once, settled or with its outbox row, then answered. Whatever is not stored is
 * answered so that HighLevel sends it again, and every webhook ends in an outcome that is counted.
 */
export function createWebhookRoutes({ deps, announce, settleLead }: WebhookRouteDeps): Hono<AppEnv> {
  const config = deps.config.highlevel;
  const verify = createWebhookVerifier(config?.webhookPublicKeys ?? []);
  const counters = createWebhookCounters(deps);

  /** Postgres is away: QStash keeps it, unless it is away too. */
  async function keepWebhook(webhook: IncomingWebhook): Promise<boolean> {
    try {
      await persistLater(deps, { job: 'persist-event', id: hashText(webhook.id), body: { webhook }, postponed: 0 });
      counters.add('accepted', 'kept');
      return true;
    } catch (error) {
      deps.log({ event: 'webhook_not_kept', error });
      return false;
    }
  }

  function refuseForNow(requestId: string, error: unknown): Response {
    deps.log({ event: 'webhook_not_stored', requestId, error });
    counters.add('not_stored', 'database');
    // HighLevel sends a 429 again under its old and its new policy; a 503 only under its new one.
    return toProblem(TRY_AGAIN, requestId);
  }

  return new Hono<AppEnv>().post('/highlevel', async (c) => {
    const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
    const refuse = (reason: string, response: Response): Response => {
      counters.add('rejected', reason);
      counters.flushIfDue(background);
      return response;
    };
    const bytes = await readBodyBytes(c.req.raw, BODY_LIMIT_BYTES);
    if (!bytes.ok) return refuse('too_large', toProblem(bytes.error, c.var.requestId));
    if (!config || !(await verify(bytes.value, c.req.header(SIGNATURE_HEADER)))) {
      return refuse('unverified', toProblem({ kind: 'invalid_signature' }, c.var.requestId));
    }
    const payload = readPayload(bytes.value);
    if (!payload) return refuse('not_a_webhook', toProblem({ kind: 'invalid_json' }, c.var.requestId));
    const webhook = toIncomingWebhook(payload, { config, settleLead });
    try {
      const stored = await acceptWebhook(deps.database, webhook);
      const outcome = toOutcome(stored);
      counters.add(outcome.outcome, outcome.reason);
      if (stored === 'accepted') announce(background);
      counters.flushIfDue(background);
      return c.json(outcome);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (webhook.reason !== null) {
        // Nobody needs it, so it is not kept.
        counters.add('ignored', webhook.reason);
        return c.json({ outcome: 'ignored', reason: webhook.reason });
      }
      return (await keepWebhook(webhook)) ? c.json({ outcome: 'accepted' }, 202) : refuseForNow(c.var.requestId, error);
    }
  });
}

interface WebhookOutcome {
  readonly outcome: 'accepted' | 'duplicate' | 'ignored';
  readonly reason?: string;
}

function readPayload(bytes: Uint8Array): WebhookPayload | null {
  const json = parseJson(new TextDecoder().decode(bytes));
  const payload = json.ok ? parseWebhook(json.value) : json;
  return payload.ok ? payload.value : null;
}

function toIncomingWebhook(
  payload: WebhookPayload,
  { config, settleLead }: { readonly config: HighlevelConfig; readonly settleLead: SettleLead },
): IncomingWebhook {
  const { reason, anywhere } = judgeWebhook(payload, config);
  return {
    id: toldText(payload['webhookId']) ?? `sha256:${hashText(JSON.stringify(payload))}`,
    type: payload.type,
    ghlLocationId: toldText(payload['locationId']),
    resourceId: toldText(payload['id']),
    anywhere,
    reason,
    payload,
    settling: reason === null ? settleWebhook(payload, settleLead) : null,
  };
}

function toOutcome(outcome: string): WebhookOutcome {
  if (outcome === 'accepted' || outcome === 'settled') return { outcome: 'accepted' };
  if (outcome === 'duplicate') return { outcome };
  return { outcome: 'ignored', reason: outcome };
}
