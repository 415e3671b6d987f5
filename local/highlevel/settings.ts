import * as z from 'zod';
import { describeIssues } from './http/describe-issues.ts';
import type { Store } from './store/store.ts';

/** What can be changed while the sandbox runs (`PATCH /__sandbox/settings`). Times are milliseconds of HighLevel's time. */
const settingsSchema = z.strictObject({
  /** Snapshot loads, app installs and webhook backoff run so many times faster. Tokens live on the real clock. */
  timeScale: z.number().positive().max(1_000_000).default(1),
  rateLimits: z
    .strictObject({
      enabled: z.boolean().default(true),
      burst: z.int().positive().default(100),
      intervalMs: z.int().positive().default(10_000),
      daily: z.int().positive().default(200_000),
      /** The interval on the real clock is `intervalMs` divided by it; the headers say what is really in force. */
      timeScale: z.number().positive().max(1_000_000).default(1),
    })
    .prefault({}),
  tokens: z
    .strictObject({
      accessTokenSeconds: z.int().positive().default(86_399),
      /** A used refresh token answers the same successor for so long. */
      refreshGraceMs: z.int().nonnegative().default(30_000),
    })
    .prefault({}),
  locations: z
    .strictObject({
      createStatus: z.literal([200, 201]).default(200),
      /** HighLevel states no largest `limit` of the search; more than this is refused. */
      searchMaxLimit: z.int().positive().default(100),
    })
    .prefault({}),
  company: z.strictObject({ plan: z.string().default('agency_monthly_497') }).prefault({}),
  snapshots: z
    .strictObject({
      /** The queue finishes so many loads in each window. */
      loadsPerWindow: z.int().positive().default(100),
      windowMs: z.int().positive().default(600_000),
      /** The least that one load takes. */
      loadMs: z.int().nonnegative().default(60_000),
      /** How long the status call knows nothing of a load that was asked for. */
      unknownForMs: z.int().nonnegative().default(2000),
      /** Parts that a load reports as completed without having brought them. */
      missingParts: z.array(z.string()).default([]),
      /** For so many of the next loads; null for all of them. */
      missingCount: z.int().nonnegative().nullable().default(null),
      /** So many of the next loads end as failed, half done. */
      failNext: z.int().nonnegative().default(0),
      /** Print `completed` and `pending` as HighLevel's own example does: as text. */
      listsAsText: z.boolean().default(false),
    })
    .prefault({}),
  app: z
    .strictObject({
      /** What an admin chose when the app was installed; no API call changes it. */
      installToFutureLocations: z.boolean().default(true),
      /** From the creation of a sub-account until the app is installed there. */
      installDelayMs: z.int().nonnegative().default(3000),
      webhookUrl: z.url().nullable().default(null),
    })
    .prefault({}),
  webhooks: z
    .strictObject({
      maxRetries: z.int().nonnegative().max(100).default(12),
      /** Before the first retry; it doubles each time, with up to a quarter more at random. */
      backoffMs: z.int().positive().default(10_000),
      maxBackoffMs: z.int().positive().default(3_600_000),
      /** How long an answer may take, on the real clock. */
      timeoutMs: z.int().positive().default(10_000),
      /** Every so many-th webhook is delivered twice, the second time after `holdMs`; 0 for none. */
      duplicateEvery: z.int().nonnegative().default(10),
      /** Every so many-th webhook is held back for `holdMs`, so that later ones overtake it; 0 for none. */
      holdEvery: z.int().nonnegative().default(7),
      holdMs: z.int().nonnegative().default(5000),
    })
    .prefault({}),
  /** An app of the agency's own, the only kind that is told of sub-accounts. Off while null. */
  agencyApp: z.strictObject({ webhookUrl: z.url().nullable().default(null) }).prefault({}),
});

export type SandboxSettings = z.output<typeof settingsSchema>;

export type Settings = ReturnType<typeof createSettings>;

type Stored = {
  readonly id: 'settings';
  readonly value: SandboxSettings;
  /** What the sandbox was told to begin with when they were stored, as JSON. */
  readonly initial: string;
};

/**
 * The settings in force, kept in the file. `initial` is what a new or reset sandbox begins with; throws one line when it is not sound.
 * What an older sandbox has kept gains the settings that are new, and follows a changed `initial`: another port, another address.
 */
export function createSettings(store: Store, initial: Record<string, unknown>) {
  const kept = store.collection<Stored>('settings', { ownerOf: () => 'sandbox' });
  const parsedInitial = settingsSchema.safeParse(initial);
  if (!parsedInitial.success) {
    throw new Error(`HighLevel sandbox: settings: ${describeIssues(parsedInitial.error).join('; ')}`);
  }
  const defaults = parsedInitial.data;
  const found = kept.find('settings');
  if (found !== undefined) {
    const changed = found.initial === JSON.stringify(initial) ? {} : initial;
    const value = settingsSchema.safeParse(merge(merge(defaults, found.value), changed)).data ?? defaults;
    keep(value);
  }

  function keep(value: SandboxSettings): void {
    kept.put({ id: 'settings', value, initial: JSON.stringify(initial) });
  }

  function read(): SandboxSettings {
    return kept.find('settings')?.value ?? defaults;
  }

  /** Answers the new settings, or what is wrong with the change; then nothing has changed. */
  function change(patch: unknown): z.ZodSafeParseResult<SandboxSettings> {
    const parsed = settingsSchema.safeParse(merge(read(), patch));
    if (parsed.success) keep(parsed.data);
    return parsed;
  }

  return { read, change };
}

function merge(base: unknown, patch: unknown): unknown {
  if (!isObject(base) || !isObject(patch)) return patch;
  const changed = Object.entries(patch).map(([name, value]) => [name, merge(base[name], value)] as const);
  return { ...base, ...Object.fromEntries(changed) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
