// What the router is told of the parts around it, which all listen on 127.0.0.1: the same for the local stack, the benchmark and the soak.
import { randomBytes } from 'node:crypto';
import { brandIds } from './highlevel/admin/brand.ts';
import { app } from './highlevel/modules/app-installations.ts';
import { createSigningKey, toPublicKeyPem } from './highlevel/webhooks/signing.ts';

const RANDOM_BYTES = 32;

export const routerSecretMakers = {
  eventSigningKey: randomText,
  highlevelAgencyToken: () => `pit-${randomText()}`,
  // The app's id comes before the first hyphen, as in HighLevel's own.
  highlevelClientId: () => `${app.id}-${randomText()}`,
  highlevelClientSecret: randomText,
  highlevelSigningKey: createSigningKey,
  highlevelTokenKey: randomText,
  personHashKey: randomText,
  qstashToken: randomText,
  qstashCurrentSigningKey: () => `sig_${randomText()}`,
  qstashNextSigningKey: () => `sig_${randomText()}`,
  redisToken: randomText,
} as const;

/** What the router and the parts around it know each other by. */
export type RouterSecrets = Readonly<Record<keyof typeof routerSecretMakers, string>>;

export interface RouterSurroundings {
  readonly ports: Readonly<Record<'edge' | 'neonHttp' | 'upstashRedis' | 'qstash' | 'highlevel', number>>;
  readonly databaseUrl: string;
  readonly secrets: RouterSecrets;
}

export function makeRouterSecrets(): RouterSecrets {
  return Object.fromEntries(Object.entries(routerSecretMakers).map(([name, make]) => [name, make()])) as RouterSecrets;
}

/** Variables and secrets of the Worker, by name. */
export function describeRouterEnvironment({
  ports,
  databaseUrl,
  secrets,
}: RouterSurroundings): Readonly<Record<string, string>> {
  const highlevelUrl = addressOf(ports.highlevel);
  return {
    PUBLIC_URL: addressOf(ports.edge),
    DATABASE_URL: databaseUrl,
    NEON_FETCH_ENDPOINT: `${addressOf(ports.neonHttp)}/sql`,
    UPSTASH_REDIS_REST_URL: addressOf(ports.upstashRedis),
    UPSTASH_REDIS_REST_TOKEN: secrets.redisToken,
    QSTASH_URL: addressOf(ports.qstash),
    QSTASH_TOKEN: secrets.qstashToken,
    QSTASH_CURRENT_SIGNING_KEY: secrets.qstashCurrentSigningKey,
    QSTASH_NEXT_SIGNING_KEY: secrets.qstashNextSigningKey,
    PERSON_HASH_KEY: secrets.personHashKey,
    EVENT_SIGNING_KEY: secrets.eventSigningKey,
    HIGHLEVEL_BASE_URL: highlevelUrl,
    HIGHLEVEL_AUTHORIZE_URL: `${highlevelUrl}/v2/oauth/chooselocation`,
    HIGHLEVEL_COMPANY_ID: brandIds.company,
    HIGHLEVEL_APP_ID: app.id,
    HIGHLEVEL_CLIENT_ID: secrets.highlevelClientId,
    HIGHLEVEL_CLIENT_SECRET: secrets.highlevelClientSecret,
    HIGHLEVEL_AGENCY_TOKEN: secrets.highlevelAgencyToken,
    HIGHLEVEL_TOKEN_KEY: secrets.highlevelTokenKey,
    HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: toPublicKeyPem(secrets.highlevelSigningKey),
  };
}

export function addressOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export function randomText(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url');
}
