import * as z from 'zod';
import { parseWebhookKeys } from './highlevel/rules/webhook-keys.ts';
import { err, ok, type Result } from './rules/result.ts';

const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !url.endsWith('/'), { error: 'must not end with a slash' });

/** HighLevel signs its webhooks with this one: https://marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide */
const PUBLISHED_WEBHOOK_KEY = 'MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=';

/** All of them or none: without a company HighLevel is not configured, and leads are routed all the same. */
const highlevelSchema = z.object({
  HIGHLEVEL_AGENCY_TOKEN: z.string().min(8),
  HIGHLEVEL_APP_ID: z.string().min(1),
  HIGHLEVEL_CLIENT_ID: z.string().min(1),
  HIGHLEVEL_CLIENT_SECRET: z.string().min(8),
  HIGHLEVEL_TOKEN_KEY: z.string().min(32),
});

const envSchema = z.object({
  CENSUS_GEOCODER_URL: httpUrl.default('https://geocoding.geo.census.gov'),
  ALLOW_PRIVATE_TARGETS: z.enum(['true', 'false']).default('false'),
  DATABASE_REPLICA_URL: z.union([z.literal(''), z.url({ protocol: /^postgres(ql)?$/ })]).default(''),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  API_CALLS_PER_MINUTE: z.coerce.number().int().min(1).max(10_000_000).default(6000),
  DIRECTORY_MAX_LOCATIONS: z.coerce.number().int().min(0).max(1_000_000).default(150_000),
  EVENT_SIGNING_KEY: z.string().min(32),
  HIGHLEVEL_AUTHORIZE_URL: httpUrl.default('https://marketplace.gohighlevel.com/v2/oauth/chooselocation'),
  HIGHLEVEL_BASE_URL: httpUrl.default('https://services.leadconnectorhq.com'),
  HIGHLEVEL_COMPANY_ID: z.string().default(''),
  HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: z
    .string()
    .default(PUBLISHED_WEBHOOK_KEY)
    .transform(parseWebhookKeys)
    .refine((keys) => keys !== null, { error: 'Ed25519 public keys (SPKI, base64), separated by commas' }),
  LEADS_PER_10_SECONDS: z.coerce.number().int().min(1).max(10_000_000).default(10_000),
  NEON_FETCH_ENDPOINT: z.union([z.literal(''), httpUrl]).default(''),
  ONBOARDING_MAX_ACTIVE_ROWS: z.coerce.number().int().min(1).max(100).default(5),
  ONBOARDING_TIME_SCALE: z.coerce.number().min(0.1).max(100_000).default(1),
  PARKED_ALARM_MINUTES: z.coerce.number().int().min(1).max(100_000).default(60),
  PERSON_HASH_KEY: z.string().min(32),
  PUBLIC_URL: httpUrl,
  QSTASH_CURRENT_SIGNING_KEY: z.string().min(8),
  QSTASH_NEXT_SIGNING_KEY: z.string().min(8),
  QSTASH_TOKEN: z.string().min(1),
  QSTASH_URL: httpUrl,
  SLOW_STATEMENT_MS: z.coerce.number().int().min(1).max(60_000).default(1000),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
  UPSTASH_REDIS_REST_URL: httpUrl,
});

export interface HighlevelConfig {
  readonly baseUrl: string;
  /** Where an admin of the agency lets the app in. */
  readonly authorizeUrl: string;
  readonly companyId: string;
  readonly appId: string;
  /** The agency's private integration token, which sub-accounts are made with. */
  readonly agencyToken: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the app's tokens are sealed with, and the state of a connection that is under way. */
  readonly tokenKey: string;
  /** Ed25519, SPKI in base64: a webhook is signed with one of them. */
  readonly webhookPublicKeys: readonly string[];
}

export interface Config {
  readonly publicUrl: string;
  /** Null where it is not configured. */
  readonly highlevel: HighlevelConfig | null;
  /** Past so many locations an isolate asks Redis for what each lead needs, instead of holding them. */
  readonly directoryMaxLocations: number;
  /** Of the US Census Bureau's batch geocoder. */
  readonly censusGeocoderUrl: string;
  /** Requests of one key, or one source: those with a lead, and all others. */
  readonly limits: { readonly edgePer10Seconds: number; readonly apiPerMinute: number };
  readonly database: {
    readonly url: string;
    /** Of a copy that follows it, for reports; null where there is none. */
    readonly replicaUrl: string | null;
    readonly fetchEndpoint: string | null;
  };
  readonly redis: { readonly url: string; readonly token: string };
  readonly qstash: {
    readonly url: string;
    readonly token: string;
    readonly currentSigningKey: string;
    readonly nextSigningKey: string;
  };
  /** Key of the HMAC under which e-mails and phones are remembered for sticky and duplicate checks. */
  readonly personHashKey: string;
  /** What the secrets of subscriptions are made from. */
  readonly eventSigningKey: string;
  /** Only in a local stack: events may go to http and to private addresses. */
  readonly allowPrivateTargets: boolean;
  /** Rows of all batches that call HighLevel at once. */
  readonly onboardingMaxActiveRows: number;
  /** How many times faster than the real HighLevel its sandbox loads snapshots and installs the app. */
  readonly onboardingTimeScale: number;
  /** A statement that takes longer is logged, without its values. */
  readonly slowStatementMs: number;
  /** A lead that has waited longer in the parking lot is an alarm. */
  readonly parkedAlarmMinutes: number;
}

/**
 * Turns the Worker's environment into a Config, or names every variable that is missing or malformed (names only,
 * never values). The caller must not serve without one.
 */
export function parseConfig(env: unknown): Result<Config, readonly string[]> {
  const parsed = envSchema.safeParse(env);
  const highlevel = parseHighlevel(env);
  const faults = [...listFaults(parsed), ...listFaults(highlevel)];
  if (!parsed.success || !highlevel.success) return err(faults);
  const { data } = parsed;
  return ok({
    publicUrl: data.PUBLIC_URL,
    directoryMaxLocations: data.DIRECTORY_MAX_LOCATIONS,
    censusGeocoderUrl: data.CENSUS_GEOCODER_URL,
    highlevel: highlevel.data && toHighlevelConfig(data, highlevel.data),
    limits: { edgePer10Seconds: data.LEADS_PER_10_SECONDS, apiPerMinute: data.API_CALLS_PER_MINUTE },
    database: {
      url: data.DATABASE_URL,
      replicaUrl: data.DATABASE_REPLICA_URL === '' ? null : data.DATABASE_REPLICA_URL,
      fetchEndpoint: data.NEON_FETCH_ENDPOINT === '' ? null : data.NEON_FETCH_ENDPOINT,
    },
    redis: { url: data.UPSTASH_REDIS_REST_URL, token: data.UPSTASH_REDIS_REST_TOKEN },
    qstash: {
      url: data.QSTASH_URL,
      token: data.QSTASH_TOKEN,
      currentSigningKey: data.QSTASH_CURRENT_SIGNING_KEY,
      nextSigningKey: data.QSTASH_NEXT_SIGNING_KEY,
    },
    personHashKey: data.PERSON_HASH_KEY,
    eventSigningKey: data.EVENT_SIGNING_KEY,
    allowPrivateTargets: data.ALLOW_PRIVATE_TARGETS === 'true',
    onboardingMaxActiveRows: data.ONBOARDING_MAX_ACTIVE_ROWS,
    onboardingTimeScale: data.ONBOARDING_TIME_SCALE,
    slowStatementMs: data.SLOW_STATEMENT_MS,
    parkedAlarmMinutes: data.PARKED_ALARM_MINUTES,
  });
}

function parseHighlevel(env: unknown): z.ZodSafeParseResult<z.output<typeof highlevelSchema> | null> {
  const company = z.object({ HIGHLEVEL_COMPANY_ID: z.string().min(1) }).safeParse(env);
  return company.success ? highlevelSchema.safeParse(env) : { success: true, data: null };
}

function listFaults(parsed: z.ZodSafeParseResult<unknown>): string[] {
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function toHighlevelConfig(
  data: z.output<typeof envSchema>,
  secrets: z.output<typeof highlevelSchema>,
): HighlevelConfig {
  return {
    baseUrl: data.HIGHLEVEL_BASE_URL,
    authorizeUrl: data.HIGHLEVEL_AUTHORIZE_URL,
    companyId: data.HIGHLEVEL_COMPANY_ID,
    webhookPublicKeys: data.HIGHLEVEL_WEBHOOK_PUBLIC_KEYS ?? [],
    appId: secrets.HIGHLEVEL_APP_ID,
    agencyToken: secrets.HIGHLEVEL_AGENCY_TOKEN,
    clientId: secrets.HIGHLEVEL_CLIENT_ID,
    clientSecret: secrets.HIGHLEVEL_CLIENT_SECRET,
    tokenKey: secrets.HIGHLEVEL_TOKEN_KEY,
  };
}
