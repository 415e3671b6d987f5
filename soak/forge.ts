// Webhooks that must not get in, made of genuine ones.
import { randomBytes, randomUUID } from 'node:crypto';
import { brandIds } from '../local/highlevel/admin/brand.ts';
import { createSigner, createSigningKey, SIGNATURE_HEADER } from '../local/highlevel/webhooks/signing.ts';
import type { SoakEvent } from './soak-event.ts';
import { signWebhook, type SignedWebhook } from './webhook.ts';

export const forgeryKinds = [
  'unsigned',
  'forged',
  'other key',
  'altered',
  'replayed',
  'wrong app',
  'other company',
  'unknown sub-account',
  'late',
] as const;
export type ForgeryKind = (typeof forgeryKinds)[number];

/**
 * How each may be answered. While Postgres is away a replay is kept, and found to be one later, as is what comes of a sub-account that
 * nobody knows; `late` is genuine, after days of HighLevel's own retries, and must not make a second lead.
 */
export const expectedAnswers: Readonly<Record<ForgeryKind, readonly string[]>> = {
  unsigned: ['401'],
  forged: ['401'],
  'other key': ['401'],
  altered: ['401'],
  replayed: ['200 duplicate', '202 accepted'],
  'wrong app': ['200 ignored wrong_app'],
  'other company': ['200 ignored other_company'],
  'unknown sub-account': ['200 ignored unknown_location', '202 accepted'],
  late: ['200 accepted', '202 accepted'],
};

const LATE_MS = 3 * 86_400_000;

/** Of a genuine webhook that was acknowledged. */
export function createForger(sign: (body: Buffer) => string, masterLocationId: string) {
  const signOtherwise = createSigner(createSigningKey());
  const stranger = (): Record<string, unknown> => {
    const id = randomUUID();
    return { locationId: masterLocationId, id, email: `stranger.${id}@example.com`, postalCode: '02134', tags: [] };
  };
  return (kind: ForgeryKind, genuine: SoakEvent): SignedWebhook => {
    const { webhook, meaning } = genuine;
    const fresh = (payload: Record<string, unknown>, by = sign): SignedWebhook =>
      signWebhook(by, 'ContactCreate', { ...stranger(), ...payload });
    switch (kind) {
      case 'unsigned':
        return { ...fresh({}), headers: {} };
      case 'forged':
        return { ...fresh({}), headers: { [SIGNATURE_HEADER]: randomBytes(64).toString('base64') } };
      case 'other key':
        return fresh({}, signOtherwise);
      case 'altered':
        return { ...fresh({}), headers: webhook.headers };
      case 'replayed':
        return webhook;
      case 'wrong app':
        return fresh({ appId: 'an app of somebody else' });
      case 'other company':
        return fresh({ companyId: 'another agency' });
      case 'unknown sub-account':
        return fresh({ companyId: brandIds.company, locationId: `nobody-${randomUUID()}` });
      case 'late': {
        const contactId = 'contactId' in meaning ? meaning.contactId : randomUUID();
        return fresh({ id: contactId, timestamp: new Date(Date.now() - LATE_MS).toISOString() });
      }
    }
  };
}
