// What a webhook tells, and whom it concerns. HighLevel's payloads are flat; real ones add `timestamp`, `webhookId`, `appId`.
// https://marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide
import * as z from 'zod';
import { PROBE_TAG } from '../../onboarding/rules/probe.ts';
import { DELIVERED_TAG } from '../../rules/tags.ts';
import { err, ok, type Result } from '../../rules/result.ts';
import { toldText } from './told-text.ts';

const payloadSchema = z.looseObject({ type: z.string().min(1).max(500) });

/** As it was sent; `toldText` reads what it says. */
export type WebhookPayload = z.output<typeof payloadSchema>;

/** The path of the first field that is not as it must be, where the body is no webhook. */
export function parseWebhook(body: unknown): Result<WebhookPayload, string> {
  const parsed = payloadSchema.safeParse(body);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues[0]?.path.map(String).join('.') || '(body)');
}

const installTypes = new Set(['INSTALL', 'UNINSTALL']);
/** They concern the company, or tell of a sub-account that cannot be known yet. */
const anywhereTypes = new Set([...installTypes, 'LocationCreate', 'LocationUpdate', 'PlanChange']);

/** Whether it is for this app and company at all, and not our own writing come back; a valid signature only says that HighLevel sent it. */
export function judgeWebhook(
  payload: WebhookPayload,
  { appId, companyId }: { appId: string; companyId: string },
): { readonly reason: 'wrong_app' | 'other_company' | 'no_location' | 'echo' | null; readonly anywhere: boolean } {
  const anywhere = anywhereTypes.has(payload.type);
  const [toldApp, toldCompany] = [toldText(payload['appId']), toldText(payload['companyId'])];
  if (toldApp === null ? installTypes.has(payload.type) : toldApp !== appId) return { reason: 'wrong_app', anywhere };
  if (toldCompany !== null && toldCompany !== companyId) return { reason: 'other_company', anywhere };
  if (!anywhere && toldText(payload['locationId']) === null) return { reason: 'no_location', anywhere };
  if (isTagged(payload, DELIVERED_TAG)) return { reason: 'echo', anywhere };
  return { reason: null, anywhere };
}

export type WebhookMeaning =
  | { readonly kind: 'installation'; readonly ghlLocationId: string; readonly installed: boolean }
  /** The agency took the app out, with all its tokens. */
  | { readonly kind: 'company_uninstalled' }
  | { readonly kind: 'company_installed' }
  | { readonly kind: 'probe' }
  /** Kept for the life of a lead. */
  | { readonly kind: 'kept' };

export function readMeaning(payload: WebhookPayload): WebhookMeaning {
  if (installTypes.has(payload.type)) {
    const installed = payload.type === 'INSTALL';
    const ghlLocationId = toldText(payload['locationId']);
    if (ghlLocationId !== null) return { kind: 'installation', ghlLocationId, installed };
    return { kind: installed ? 'company_installed' : 'company_uninstalled' };
  }
  return { kind: isTagged(payload, PROBE_TAG) ? 'probe' : 'kept' };
}

function isTagged({ type, tags }: WebhookPayload, tag: string): boolean {
  return type.startsWith('Contact') && Array.isArray(tags) && tags.includes(tag);
}

/** ISO 8601 of when it happened: what it says, or when it came. */
export function readHappenedAt({ timestamp }: WebhookPayload, nowMs: number): string {
  const ms = Date.parse(toldText(timestamp) ?? '');
  return new Date(Number.isFinite(ms) && ms <= nowMs + 60_000 ? ms : nowMs).toISOString();
}
