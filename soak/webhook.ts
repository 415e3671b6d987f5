// Webhooks as HighLevel sends them: a flat JSON with its own id and time, signed over the bytes.
import { randomUUID } from 'node:crypto';
import { brandIds } from '../local/highlevel/admin/brand.ts';
import { app } from '../local/highlevel/modules/app-installations.ts';
import { SIGNATURE_HEADER } from '../local/highlevel/webhooks/signing.ts';

export interface SignedWebhook {
  readonly id: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is told besides the type; `webhookId`, `appId`, `timestamp`… are set unless given. */
type Payload = Readonly<Record<string, unknown>>;

export function signWebhook(sign: (body: Buffer) => string, type: string, payload: Payload): SignedWebhook {
  const id = randomUUID();
  const added = { timestamp: new Date().toISOString(), webhookId: id, appId: app.id, versionId: app.versionId };
  const body = JSON.stringify({ type, companyId: brandIds.company, ...added, ...payload });
  return { id, body, headers: { [SIGNATURE_HEADER]: sign(Buffer.from(body)) } };
}
