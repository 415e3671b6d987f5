// The head of the directory's copy in Redis: which versions it holds and where its parts lie. Written by one script
// that compares it with the head its writer read, so it never goes back: a publisher that was overtaken writes nothing.
import type { Redis } from '@upstash/redis';
import * as z from 'zod';
import { rulesDocumentSchema } from '../leads/rules/routing-rules.ts';

export const DIRECTORY_PREFIX = 'directory:v1';
export const DIRECTORY_HEAD_KEY = `${DIRECTORY_PREFIX}:head`;

/** `name` is part of the keys; no two writings share one. */
const segmentsSchema = z.object({ version: z.number(), name: z.string(), segments: z.number() });
const rulesSchema = rulesDocumentSchema.extend({ version: z.number() });

const headSchema = z.object({
  /** Of this writing of it; no two are equal. */
  id: z.string(),
  version: z.number(),
  territoriesVersion: z.number(),
  rulesVersion: z.number(),
  keysVersion: z.number(),
  /** How many locations there are: by it an isolate knows whether it can hold them. */
  locations: z.number(),
  base: segmentsSchema,
  changes: z.array(z.object({ from: z.number(), to: z.number(), name: z.string(), locations: z.number() })),
  territories: segmentsSchema,
  /** Names of the sets that answer questions without the segments. */
  slices: z.object({ locations: z.string(), territories: z.string() }),
  /** The published version of the territories in effect, and those to come. */
  territoryVersions: z.array(z.object({ version: z.number(), rowsVersion: z.number(), effectiveAtMs: z.number() })),
  rules: rulesSchema,
  scheduledRules: z.array(z.object({ effectiveAtMs: z.number(), rules: rulesSchema })).default([]),
  apiKeys: z.array(
    z.object({
      id: z.string(),
      keyHash: z.string(),
      scopes: z.array(z.string()),
      sources: z.array(z.string()).nullable().default(null),
      expiresAtMs: z.number().nullable(),
    }),
  ),
});
export type Head = z.output<typeof headSchema>;

/** Null for none, and for one that cannot be read; `id` is that of what lies there all the same, empty for nothing. */
export async function readHead(redis: Pick<Redis, 'get'>): Promise<{ id: string; head: Head | null }> {
  const text = await redis.get<string>(DIRECTORY_HEAD_KEY);
  if (typeof text !== 'string') return { id: '', head: null };
  const found = parseJson(text);
  const parsed = headSchema.safeParse(found);
  if (parsed.success) return { id: parsed.data.id, head: parsed.data };
  const id = z.object({ id: z.string() }).safeParse(found);
  return { id: id.success ? id.data.id : '', head: null };
}

const deleteIfSame = `
  local held = redis.call('GET', KEYS[1])
  if held and cjson.decode(held).id == ARGV[1] then return redis.call('DEL', KEYS[1]) end
  return 0`;

/** A head whose parts are gone helps nobody: without it the next publication writes everything anew. */
export async function discardHead(redis: Pick<Redis, 'eval'>, head: Head): Promise<null> {
  await redis.eval(deleteIfSame, [DIRECTORY_HEAD_KEY], [head.id]);
  return null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
